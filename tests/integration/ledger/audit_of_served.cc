// `pinhole` whose one server shows the ledger of a bundle, page by page from the disk, so that the
// memory of an audit from a server is the client's alone:
// audit_of_served BUNDLE HOME WORD…
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <vector>

#include "client/cli/command_line.h"
#include "client/cli/entry_source.h"
#include "server/core/base/status.h"

namespace pinhole::cli {
namespace {

constexpr int64_t kPageSize = 500;

// Answers what an audit asks; everything else is not there.
class ServedBundle final : public Server {
 public:
  explicit ServedBundle(EntryFile bundle) : bundle_(std::move(bundle)) {}

  absl::StatusOr<std::string> Checkpoint() override { return bundle_.checkpoint; }
  absl::StatusOr<std::vector<std::string>> Entries(int64_t start, int64_t count) override {
    RETURN_IF_ERROR(bundle_.entries->Seek(start));
    std::vector<std::string> page;
    while (static_cast<int64_t>(page.size()) < std::min(count, kPageSize)) {
      ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, bundle_.entries->Next());
      if (!entry.has_value()) break;
      page.emplace_back(*entry);
    }
    return page;
  }
  absl::StatusOr<ServerInfo> Info() override { return Nothing(); }
  absl::Status Watch(int64_t, absl::Time, const WatchHandler&) override { return Nothing(); }
  absl::StatusOr<JoinAnswer> Join(const std::string&) override { return Nothing(); }
  absl::Status Upload(const std::string&, const std::string&, const Digest&,
                      std::string_view) override {
    return Nothing();
  }
  absl::StatusOr<SubmitAnswer> Submit(const std::string&, const std::string&,
                                      const std::string&) override {
    return Nothing();
  }
  absl::StatusOr<ChooseAnswer> Choose(const std::string&, const std::string&) override {
    return Nothing();
  }

 private:
  static absl::Status Nothing() { return absl::UnimplementedError("a ledger and nothing else"); }
  EntryFile bundle_;
};

ExitCode Run(const std::string& path, const std::string& home, std::vector<const char*> words) {
  const SystemClock clock;
  const CommandContext context{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .clock = clock,
      .zone = absl::UTCTimeZone(),
      .home_path = home,
      .program_folder = "",
      .connect = [&](const std::string&, const Digest&) -> absl::StatusOr<std::unique_ptr<Server>> {
        ASSIGN_OR_RETURN(EntryFile bundle, OpenBundle(path));
        return std::make_unique<ServedBundle>(std::move(bundle));
      }};
  return RunCommandLine(context, static_cast<int>(words.size()), words.data());
}

}  // namespace
}  // namespace pinhole::cli

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: audit_of_served BUNDLE HOME WORD…\n");
    return 2;
  }
  return static_cast<int>(pinhole::cli::Run(argv[1], argv[2], {argv + 2, argv + argc}));
}
