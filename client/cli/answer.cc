#include "client/cli/answer.h"

#include "client/cli/json_views.h"
#include "client/cli/table.h"

namespace pinhole::cli {

void Print(const CommandContext& context, const Answer& answer) {
  if (context.format == OutputFormat::kJson) {
    context.out << ObjectJson(answer.fields);
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : answer.fields) rows.push_back({key, value});
  context.out << FormatTable(rows, 0);
  if (!answer.next.empty()) context.out << answer.next << "\n";
}

}  // namespace pinhole::cli
