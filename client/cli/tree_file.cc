#include "client/cli/tree_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "server/core/base/status.h"
#include "server/system/descriptor_io.h"
#include "server/system/temp_dir.h"

namespace pinhole::cli {
namespace {

constexpr int64_t kHashBytes = std::tuple_size_v<Digest>;
constexpr int64_t kBlockBytes = int64_t{1} << 16;
static_assert(kBlockBytes % kHashBytes == 0);

// Nodes stand in the order in which they become complete: a leaf, then what it completes, upwards.
// The first m leaves have 2m - popcount(m) of them.
int64_t PlaceOf(int level, uint64_t index) {
  const uint64_t last_leaf = ((index + 1) << level) - 1;
  return kHashBytes * (static_cast<int64_t>(2 * last_leaf) - std::popcount(last_leaf) + level);
}

}  // namespace

absl::StatusOr<TreeFile> TreeFile::Make() {
  ASSIGN_OR_RETURN(const TempDir temporary, TempDir::Make());
  const std::string path = temporary.path() + "/tree";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "make a file for the ledger's tree");
  return TreeFile(std::move(fd));
}

absl::Status TreeFile::Append(const Digest& leaf) {
  Digest node = leaf;
  unwritten_.append(AsText(node));
  for (uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    node = NodeHash(subtrees_.back(), node);
    subtrees_.pop_back();
    unwritten_.append(AsText(node));
  }
  subtrees_.push_back(node);
  ++size_;
  return static_cast<int64_t>(unwritten_.size()) < kBlockBytes ? absl::OkStatus() : Flush();
}

absl::Status TreeFile::Flush() {
  RETURN_IF_ERROR(WriteAll(fd_.get(), AsBytes(unwritten_), Deadline::Never()));
  unwritten_.clear();
  block_at_ = -1;
  return absl::OkStatus();
}

absl::StatusOr<Digest> TreeFile::Node(int level, uint64_t index) {
  const int64_t place = PlaceOf(level, index);
  const int64_t begin = place / kBlockBytes * kBlockBytes;
  if (block_at_ != begin) {
    block_.resize(kBlockBytes);
    ssize_t got = 0;
    do {
      got = ::pread(fd_.get(), block_.data(), block_.size(), begin);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return absl::ErrnoToStatus(errno, "read the ledger's tree");
    block_.resize(static_cast<size_t>(got));
    block_at_ = begin;
  }
  const auto at = static_cast<size_t>(place - begin);
  if (at + kHashBytes > block_.size()) return absl::DataLossError("the ledger's tree ends early");
  Digest node;
  std::copy_n(block_.begin() + static_cast<ptrdiff_t>(at), kHashBytes, node.begin());
  return node;
}

NodeReader TreeFile::Reader() {
  return [this](int level, uint64_t index) { return Node(level, index); };
}

}  // namespace pinhole::cli
