#include "client/cli/invitation.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::cli {
namespace {

constexpr std::string_view kPrefix = "pinhole1:";
constexpr size_t kCheckBytes = 8;
constexpr size_t kFixedBytes = 32 + 64 + 32 + 32;

std::string UrlEncode(std::string_view bytes) {
  std::string text = Base64Encode(AsBytes(bytes));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

absl::StatusOr<std::string> UrlDecode(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) {
    return absl::InvalidArgumentError("foreign characters");
  }
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return Base64Decode(standard);
}

absl::Status Damaged(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "the invitation is damaged (%s): copy the whole string from \"pinhole1:\" to its end, or ask "
      "the organizer for a new one",
      what));
}

std::string_view TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return {};
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

template <size_t N>
std::array<uint8_t, N> TakeBytes(std::string_view& rest) {
  std::array<uint8_t, N> out;
  std::copy_n(AsBytes(rest).begin(), N, out.begin());
  rest.remove_prefix(N);
  return out;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::string FormatInvitation(const InvitationString& invitation) {
  std::string bytes =
      absl::StrFormat("%s\n%s\n%s\n", invitation.server, invitation.contest, invitation.team);
  const absl::StatusOr<std::string> seed = HexDecode(invitation.one_use.SeedHex());
  bytes += *seed;
  bytes += AsText(invitation.organizer_signature);
  bytes += AsText(invitation.server_pin);
  bytes += AsText(invitation.log_pin);
  const Digest check = Sha256(bytes);
  bytes += AsText(check).substr(0, kCheckBytes);
  return std::string(kPrefix) + UrlEncode(bytes);
}

absl::StatusOr<InvitationString> ParseInvitation(std::string_view text) {
  text = Trimmed(text);
  if (!text.starts_with(kPrefix)) {
    return absl::InvalidArgumentError(
        "this is no invitation: it begins with \"pinhole1:\"; the organizer makes one with "
        "\"pinhole invite\"");
  }
  const absl::StatusOr<std::string> bytes = UrlDecode(text.substr(kPrefix.size()));
  if (!bytes.ok()) return Damaged("not base64url");
  std::string_view rest = *bytes;
  if (rest.size() < kFixedBytes + kCheckBytes) return Damaged("too short");
  const std::string_view body = rest.substr(0, rest.size() - kCheckBytes);
  const Digest check = Sha256(body);
  if (rest.substr(body.size()) != AsText(check).substr(0, kCheckBytes)) {
    return Damaged("its check does not fit");
  }
  rest = body;
  const std::string_view server = TakeLine(rest);
  const std::string_view contest = TakeLine(rest);
  const std::string_view team = TakeLine(rest);
  if (!IsServerAddress(server)) return Damaged("no server address");
  if (!IsId(contest) || !IsId(team)) return Damaged("no contest or team name");
  if (rest.size() != kFixedBytes) return Damaged("wrong length");
  InvitationString invitation{.server = std::string(server),
                              .contest = std::string(contest),
                              .team = std::string(team),
                              .one_use = SigningKey::FromSeed(TakeBytes<32>(rest))};
  invitation.organizer_signature = TakeBytes<64>(rest);
  invitation.server_pin = TakeBytes<32>(rest);
  invitation.log_pin = TakeBytes<32>(rest);
  return invitation;
}

bool IsServerAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
  } else if (host.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "-.") != std::string_view::npos) {
    return false;
  }
  return ParseIntegerIn(text.substr(colon + 1), 1, 65'535).ok();
}

}  // namespace pinhole::cli
