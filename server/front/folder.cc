#include "server/front/folder.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/identity.h"
#include "server/front/programs.h"
#include "server/front/store.h"
#include "server/system/files.h"

namespace pinhole::front {
namespace {

absl::StatusOr<std::string> FillFolder(const std::string& folder, std::string_view settings) {
  ASSIGN_OR_RETURN(const Identity identity, MakeIdentity());
  RETURN_IF_ERROR(WriteFileDurably(folder + "/tls.key", identity.key_pem, 0600));
  RETURN_IF_ERROR(WriteFileDurably(folder + "/tls.crt", identity.certificate_pem, 0644));
  RETURN_IF_ERROR(WriteFileDurably(folder + "/pin", identity.pin + "\n", 0644));
  RETURN_IF_ERROR(Store::Create(DatabasePath(folder)).status());
  RETURN_IF_ERROR(ProgramFolder::Open(folder).status());
  // Last: a folder with settings is a whole one.
  RETURN_IF_ERROR(WriteFileDurably(folder + "/pinholed.toml", settings, 0600));
  return identity.pin;
}

}  // namespace

absl::StatusOr<std::string> InitFolder(const std::string& folder, const Config& config) {
  ASSIGN_OR_RETURN(const std::string settings, FormatConfig(config));
  const absl::Status made = MakeDirectory(folder, 0700);
  if (absl::IsAlreadyExists(made)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "%s is there already and is not touched: name a new folder, or remove that one first",
        folder));
  }
  RETURN_IF_ERROR(made);
  absl::StatusOr<std::string> pin = FillFolder(folder, settings);
  if (!pin.ok()) RemoveTree(folder).IgnoreError();  // the first error is the one to report
  return pin;
}

absl::StatusOr<ServeFiles> ReadFolder(const std::string& folder) {
  ServeFiles files;
  absl::StatusOr<std::string> settings = ReadFile(folder + "/pinholed.toml");
  if (absl::IsNotFound(settings.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "%s has no pinholed.toml: `pinholed init %s …` makes a front's folder", folder, folder));
  }
  RETURN_IF_ERROR(settings.status());
  ASSIGN_OR_RETURN(files.config, ParseConfig(*settings));
  ASSIGN_OR_RETURN(files.key_pem, ReadFile(folder + "/tls.key"));
  ASSIGN_OR_RETURN(files.certificate_pem, ReadFile(folder + "/tls.crt"));
  return files;
}

}  // namespace pinhole::front
