// A real front on loopback TLS beside a fake vault, and the calls of a team.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pinhole/v1/audit_service.grpc.pb.h"
#include "pinhole/v1/contestant_service.grpc.pb.h"
#include "server/front/server.h"
#include "server/system/temp_dir.h"
#include "server/system/unique_fd.h"
#include "tests/support/fake_vault.h"

namespace pinhole::front {

// What a call ended with; `reason` is the trailing metadata "pinhole-reason", or empty.
struct Outcome {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string reason;
  std::string text;
  std::string retry_after;  // trailing metadata "pinhole-retry-after", or empty
  bool ok() const { return code == grpc::StatusCode::OK; }
};

class FrontTest : public ::testing::Test {
 protected:
  explicit FrontTest(const Limits& limits = {},
                     const contest::Policy& policy = testing::DemoPolicy());

  void StartFront();
  // As a kill: nothing is told to anybody, what is not on the disk is gone.
  void StopFront();

  // A whole exchange, until the front shows its ledger.
  testing::FakeVault::Batch Exchange(std::optional<int> level = std::nullopt);
  // Reads entries as they come until there are `size`; nothing when they did not come in time.
  std::vector<v1::LedgerEntry> AwaitEntries(int64_t size);
  // The head that covers the whole ledger of the vault, once the front shows it.
  void AwaitLedger() { AwaitEntries(vault_.ledger().state().size()); }

  // Team number `n` of the tests: its keys and invitation are fixed.
  SigningKey TeamKey(int n) const { return testing::TestKey(static_cast<uint8_t>(10 + n)); }
  pipe::JoinRequest JoinText(int n) const;
  Outcome Join(int n, v1::JoinResponse* response);
  // Joins, aborts the test when it cannot, and returns the token.
  std::string MustJoin(int n);
  Outcome Upload(std::string_view token, std::string_view program,
                 std::optional<Digest> announced = std::nullopt,
                 std::optional<int64_t> announced_bytes = std::nullopt);
  pipe::SubmitRequest SubmitText(int n, std::string_view program, std::string_view id) const;
  Outcome Submit(std::string_view token, const pipe::SubmitRequest& request,
                 v1::Submission* submission, const std::string& message = "");
  Outcome Get(std::string_view token, const pipe::SubmitRequest& request,
              v1::Submission* submission);

  // A connection of its own to the front, shared with no other channel.
  std::shared_ptr<grpc::Channel> NewChannel(grpc::ChannelArguments arguments = {}) const;

  // What the front wrote for its operator, of all its lives.
  std::string Log() const;

  TempDir folder_;
  UniqueFd log_;
  std::string front_folder_;
  testing::FakeVault vault_;
  SystemClock clock_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::AuditService::Stub> audit_;
  std::unique_ptr<v1::ContestantService::Stub> contestant_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A context with a deadline that a hang reaches and a slow machine does not.
std::unique_ptr<grpc::ClientContext> NewContext(std::string_view token = "");
Outcome OutcomeOf(const grpc::Status& status, const grpc::ClientContext& context);

}  // namespace pinhole::front
