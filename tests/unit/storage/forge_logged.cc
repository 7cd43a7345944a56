// Compiled by CTest, never linked: every way to get a Logged without the ledger must not compile.
// Without a FORGE_ line the file compiles, so it is the forging that the compiler refuses.
#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "server/storage/logged.h"

namespace pinhole::storage {

static_assert(!std::is_default_constructible_v<Logged>);
static_assert(!std::is_constructible_v<Logged, const Transaction&>);
static_assert(!std::is_copy_constructible_v<Logged>);
static_assert(!std::is_copy_assignable_v<Logged>);
static_assert(!std::is_trivially_copyable_v<Logged>);
static_assert(!std::is_aggregate_v<Logged>);

// Stands for Transaction::Commit.
void Take(Logged logged);

void Forge(const Transaction& transaction, Logged honest);

void Forge([[maybe_unused]] const Transaction& transaction, [[maybe_unused]] Logged honest) {
#if defined(FORGE_CONSTRUCT)
  Take(Logged(transaction));
#elif defined(FORGE_COPY)
  Take(honest);
#elif defined(FORGE_DEFAULT)
  Take(Logged());
#elif defined(FORGE_BYTES)
  Take(std::bit_cast<Logged>(std::array<uint64_t, 2>{}));
#elif defined(FORGE_IDENTITY)
  honest.identity_ = nullptr;
#else
  Take(std::move(honest));
#endif
}

}  // namespace pinhole::storage
