#include "client/cli/home.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "client/cli/key_file.h"
#include "client/cli/record.h"
#include "server/core/base/key_file.h"
#include "server/core/base/status.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

constexpr size_t kSmallFileBytes = 65'536;

absl::Status MakeFolders(const std::string& path) {
  if (path.empty() || path == "/" || std::filesystem::is_directory(path)) return absl::OkStatus();
  RETURN_IF_ERROR(MakeFolders(DirectoryOf(path)));
  const absl::Status made = MakeDirectory(path, 0700);
  return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
}

absl::Status Save(const std::string& path, std::string_view content) {
  RETURN_IF_ERROR(MakeFolders(DirectoryOf(path)));
  return WriteFileDurably(path, content, 0600);
}

// Names of what is in a folder, sorted; none when it is not there.
std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrFormat("%s: %s", path, status.message()));
}

}  // namespace

absl::StatusOr<std::string> Home::DefaultPath() {
  if (const char* path = std::getenv("PINHOLE_HOME"); path != nullptr && *path != '\0') {
    return std::string(path);
  }
  if (const char* path = std::getenv("HOME"); path != nullptr && *path == '/') {
    return std::string(path) + "/.config/pinhole";
  }
  return absl::FailedPreconditionError(
      "neither PINHOLE_HOME nor HOME is set: set PINHOLE_HOME to a folder of your own");
}

std::string Home::ServerFolder(const std::string& server) const {
  std::string name = server;
  std::replace(name.begin(), name.end(), ':', '_');
  return path_ + "/servers/" + name;
}
std::string Home::TeamFolder(const std::string& server, const std::string& contest) const {
  return ServerFolder(server) + "/teams/" + contest;
}
std::string Home::ReceiptPath(const std::string& server, const Receipt& receipt) const {
  return TeamFolder(server, receipt.request.contest) + "/receipts/" + RequestIdText(receipt);
}

absl::Status Home::SavePins(const Pins& pins) {
  const std::string path = ServerFolder(pins.server) + "/pins";
  const std::string text = FormatPins(pins);
  const absl::StatusOr<std::string> known = ReadFile(path, kSmallFileBytes);
  if (known.ok() && *known != text) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "other keys are pinned for %s: if the organizer told you in person that they changed, "
        "remove %s and run the command again",
        pins.server, path));
  }
  if (!known.ok()) RETURN_IF_ERROR(Save(path, text));
  return Save(path_ + "/default", pins.server + "\n");
}

absl::StatusOr<Pins> Home::LoadPins(const std::string& server) const {
  std::string name = server;
  if (name.empty()) {
    const absl::StatusOr<std::string> line = ReadFile(path_ + "/default", kSmallFileBytes);
    if (!line.ok()) {
      return absl::NotFoundError(
          "no server is known yet: contestants run \"pinhole join -\" with their invitation, "
          "others "
          "\"pinhole trust HOST:PORT --pin … --log-key …\"");
    }
    name = line->substr(0, line->find('\n'));
  }
  const std::string path = ServerFolder(name) + "/pins";
  const absl::StatusOr<std::string> text = ReadFile(path, kSmallFileBytes);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "no keys are pinned for %s: run \"pinhole trust %s --pin … --log-key …\" first", name,
        name));
  }
  RETURN_IF_ERROR(text.status());
  absl::StatusOr<Pins> pins = ParsePins(*text);
  if (!pins.ok()) return InFile(path, pins.status());
  return pins;
}

absl::StatusOr<std::string> Home::LedgerFolder(const std::string& server) const {
  std::string folder = ServerFolder(server) + "/ledger";
  RETURN_IF_ERROR(MakeFolders(folder));
  return folder;
}

absl::Status Home::SaveMembership(const std::string& server, const Membership& membership) {
  const std::string folder = TeamFolder(server, membership.contest);
  RETURN_IF_ERROR(Save(folder + "/key", FormatKeyFile(membership.key)));
  RETURN_IF_ERROR(Save(folder + "/token", membership.token));
  return Save(folder + "/team", membership.team + "\n");
}

absl::StatusOr<Membership> Home::LoadMembership(const std::string& server,
                                                const std::string& contest) const {
  const std::string folder = TeamFolder(server, contest);
  const absl::StatusOr<std::string> team = ReadFile(folder + "/team", kSmallFileBytes);
  if (absl::IsNotFound(team.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "you have no team in %s: run \"pinhole join -\" with your invitation", contest));
  }
  RETURN_IF_ERROR(team.status());
  ASSIGN_OR_RETURN(const SigningKey key, ReadKeyFile(folder + "/key"));
  ASSIGN_OR_RETURN(std::string token, ReadFile(folder + "/token", kSmallFileBytes));
  return Membership{.contest = contest,
                    .team = team->substr(0, team->find('\n')),
                    .key = key,
                    .token = std::move(token)};
}

absl::StatusOr<std::vector<std::string>> Home::Contests(const std::string& server) const {
  return NamesIn(ServerFolder(server) + "/teams");
}

absl::Status Home::SaveReceipt(const std::string& server, const Receipt& receipt) {
  return Save(ReceiptPath(server, receipt), FormatReceipt(receipt));
}

absl::StatusOr<std::vector<Receipt>> Home::Receipts(const std::string& server,
                                                    const std::string& contest) const {
  const std::string folder = TeamFolder(server, contest) + "/receipts";
  std::vector<Receipt> receipts;
  for (const std::string& name : NamesIn(folder)) {
    if (name.find('.') != std::string::npos) continue;  // left over from a write that was cut short
    const std::string path = absl::StrFormat("%s/%s", folder, name);
    ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kSmallFileBytes));
    absl::StatusOr<Receipt> receipt = ParseReceipt(text);
    if (!receipt.ok()) return InFile(path, receipt.status());
    receipts.push_back(*std::move(receipt));
  }
  return receipts;
}

}  // namespace pinhole::cli
