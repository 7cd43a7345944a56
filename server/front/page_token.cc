#include "server/front/page_token.h"

#include "server/core/base/bytes.h"
#include "server/core/base/sha256.h"
#include "server/front/reason.h"

namespace pinhole::front {
namespace {

constexpr size_t kBindingBytes = 8;
constexpr size_t kMostTokenBytes = 512;

std::string Binding(std::string_view list) {
  std::string text = "pinhole page v1\n";
  text += list;
  return std::string(AsText(Sha256(text)).substr(0, kBindingBytes));
}

}  // namespace

absl::Status BadPageToken() {
  return Refuse(Reason::kBadPageToken, absl::StatusCode::kInvalidArgument,
                "page_token is none that this server gave for this list: leave it out to begin at "
                "the first page, and change nothing but page_size between pages");
}

std::string MakePageToken(std::string_view list, std::string_view position) {
  return HexEncode(AsBytes(Binding(list).append(position)));
}

absl::StatusOr<std::string> OpenPageToken(std::string_view list, std::string_view token) {
  if (token.size() > kMostTokenBytes) return BadPageToken();
  const absl::StatusOr<std::string> raw = HexDecode(token);
  if (!raw.ok() || !raw->starts_with(Binding(list))) return BadPageToken();
  return raw->substr(kBindingBytes);
}

}  // namespace pinhole::front
