// Ed25519 signatures, made or checked once each: both are pure functions (RFC 8032 is
// deterministic), and a seed asks for the same ones in each of its worlds. What was made here
// holds; what came otherwise, forged or changed, is checked. Wrapped by the linker, as the calls of
// wrapped_calls.cc are.
#include <string>

#include "absl/container/flat_hash_map.h"
#include "server/core/base/ed25519.h"

namespace {

using pinhole::ByteView;
using pinhole::PublicKey;
using pinhole::Signature;

constexpr size_t kMost = 20'000;  // then it begins anew

template <typename Value, typename Make>
Value Remembered(absl::flat_hash_map<std::string, Value>& known, std::string key, Make make) {
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  if (known.size() >= kMost) known.clear();
  return known.emplace(std::move(key), make()).first->second;
}

std::string KeyOf(ByteView key, std::string_view message) {
  return std::string(pinhole::AsText(key)) + std::string(message);
}

// By key, message and signature.
absl::flat_hash_map<std::string, bool>& Verdicts() {
  static absl::flat_hash_map<std::string, bool> verdicts;
  return verdicts;
}

}  // namespace

extern "C" {

// NOLINTBEGIN(readability-identifier-naming, bugprone-reserved-identifier): the linker's names.
bool __real__ZN7pinhole6VerifyERKNS_9PublicKeyESt17basic_string_viewIcSt11char_traitsIcEERKSt5arrayIhLm64EE(
    const PublicKey& key, std::string_view message, const Signature& signature);
Signature __real__ZNK7pinhole10SigningKey4SignESt17basic_string_viewIcSt11char_traitsIcEE(
    const pinhole::SigningKey* key, std::string_view message);

bool __wrap__ZN7pinhole6VerifyERKNS_9PublicKeyESt17basic_string_viewIcSt11char_traitsIcEERKSt5arrayIhLm64EE(
    const PublicKey& key, std::string_view message, const Signature& signature) {
  return Remembered(Verdicts(), KeyOf(key.bytes, message) + KeyOf(signature, ""), [&] {
    return __real__ZN7pinhole6VerifyERKNS_9PublicKeyESt17basic_string_viewIcSt11char_traitsIcEERKSt5arrayIhLm64EE(
        key, message, signature);
  });
}

Signature __wrap__ZNK7pinhole10SigningKey4SignESt17basic_string_viewIcSt11char_traitsIcEE(
    const pinhole::SigningKey* key, std::string_view message) {
  static absl::flat_hash_map<std::string, Signature> known;
  const std::string what = KeyOf(key->public_key().bytes, message);
  return Remembered(known, what, [&] {
    const Signature made =
        __real__ZNK7pinhole10SigningKey4SignESt17basic_string_viewIcSt11char_traitsIcEE(key,
                                                                                        message);
    Remembered(Verdicts(), what + KeyOf(made, ""), [] { return true; });
    return made;
  });
}
// NOLINTEND(readability-identifier-naming, bugprone-reserved-identifier)

}  // extern "C"
