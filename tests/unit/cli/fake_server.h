// A server in memory for tests of the client: shows a ledger, honestly or not, and remembers what
// it was sent.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/server.h"

namespace pinhole::testing {

class FakeServer : public cli::Server {
 public:
  std::vector<std::string> entries;
  std::string checkpoint;
  std::string vkey;
  // What Watch hands over before it runs into its deadline; each is taken once.
  std::vector<cli::WatchEvent> events;
  cli::SubmitAnswer submit_answer;

  std::vector<std::string> joins;                            // signed requests
  std::vector<std::pair<std::string, std::string>> uploads;  // token, bytes
  std::vector<std::string> submits;                          // signed requests
  std::vector<std::string> choices;                          // signed requests
  int page_size = 3;

  absl::StatusOr<cli::ServerInfo> Info() override {
    return cli::ServerInfo{.log_vkey = vkey, .version = "test"};
  }
  absl::StatusOr<std::string> Checkpoint() override {
    if (checkpoint.empty()) return absl::UnavailableError("no ledger yet");
    return checkpoint;
  }
  absl::StatusOr<std::vector<std::string>> Entries(int64_t start, int64_t count) override {
    std::vector<std::string> some;
    for (int64_t i = start; i < static_cast<int64_t>(entries.size()) &&
                            i < start + std::min<int64_t>(count, page_size);
         ++i) {
      some.push_back(entries[static_cast<size_t>(i)]);
    }
    return some;
  }
  absl::Status Watch(int64_t, absl::Time, const cli::WatchHandler& handler) override {
    while (!events.empty()) {
      const cli::WatchEvent event = events.front();
      events.erase(events.begin());
      const absl::StatusOr<cli::Watching> watching = handler(event);
      if (!watching.ok()) return watching.status();
      if (*watching == cli::Watching::kStop) return absl::OkStatus();
    }
    return absl::UnavailableError("nothing more");
  }
  absl::StatusOr<cli::JoinAnswer> Join(const std::string& signed_request) override {
    joins.push_back(signed_request);
    return cli::JoinAnswer{.token = "a-token", .exchange_time = absl::FromUnixSeconds(1'000'012)};
  }
  absl::Status Upload(const std::string& token, const std::string&, const Digest&,
                      std::string_view bytes) override {
    uploads.emplace_back(token, bytes);
    return absl::OkStatus();
  }
  absl::StatusOr<cli::SubmitAnswer> Submit(const std::string&, const std::string& signed_request,
                                           const std::string&) override {
    submits.push_back(signed_request);
    return submit_answer;
  }
  absl::StatusOr<cli::ChooseAnswer> Choose(const std::string&,
                                           const std::string& signed_request) override {
    choices.push_back(signed_request);
    return cli::ChooseAnswer{.exchange_time = absl::FromUnixSeconds(1'000'042)};
  }
};

}  // namespace pinhole::testing
