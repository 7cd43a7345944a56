// mock: invents data of the declared shape, so that rehearsals need no network and no private row.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/session.h"
#include "server/core/base/status.h"
#include "server/dataset/mock.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

// Sizes of the tables beside the target are not declared.
constexpr int64_t kOtherTableRows = 1000;

dataset::MockRows RowsOf(const log::DatasetEntry& data, const std::optional<int64_t>& train) {
  // A set for the final is always there in mock data, so that its scoring is rehearsed too.
  return {.train = train.value_or(data.train_rows),
          .public_rows = data.public_rows,
          .final_rows = std::max<int64_t>(1, data.final_rows),
          .other_table = kOtherTableRows};
}

}  // namespace

Ending RunMock(const CommandContext& context, const MockOptions& options) {
  ASSIGN_OR_RETURN(const Session session, Session::Open(context, options.server));
  ASSIGN_OR_RETURN(const replay::Contest* const contest, session.Find(options.contest));
  const log::DatasetEntry& data = *session.state().dataset();
  const dataset::MockRows rows = RowsOf(data, options.rows);
  RETURN_IF_ERROR(dataset::MakeMock(data.shape, rows, options.seed, options.folder));
  ASSIGN_OR_RETURN(const std::unique_ptr<EntrySource> entries, session.mirror().Entries());
  RETURN_IF_ERROR(entries->Seek(contest->policy_index));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> policy, entries->Next());
  RETURN_IF_ERROR(WriteFileDurably(options.folder + "/policy.entry", policy.value_or(""), 0644));
  Print(context,
        {{{"contest", contest->policy.policy.contest},
          {"folder", options.folder},
          {"train_rows", absl::StrFormat("%d", rows.train)},
          {"predict_rows", absl::StrFormat("%d", rows.public_rows + rows.final_rows)},
          {"seed", absl::StrFormat("%d", options.seed)}},
         absl::StrFormat("Invented from the declared shape alone. Next: \"pinhole rehearse PROGRAM "
                         "--data %s\".",
                         options.folder)});
  return ExitCode::kOk;
}

}  // namespace pinhole::cli
