// Many watchers at once: no thread for each, the same entries for all, and an end for those who do
// not read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

constexpr int kWatchers = 600;
constexpr int kOfOneConnection = 60;

size_t Threads() {
  size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    (void)task;
    ++count;
  }
  return count;
}

// A client's watch without a thread of its own.
class WatchingClient final : public grpc::ClientReadReactor<v1::WatchEntriesResponse> {
 public:
  explicit WatchingClient(v1::AuditService::Stub& stub) : context_(NewContext()) {
    stub.async()->WatchEntries(context_.get(), &request_, this);
    StartRead(&response_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    absl::MutexLock lock(&mutex_);
    for (const v1::LedgerEntry& entry : response_.entries()) {
      in_order_ = in_order_ && entry.index() == entries_++;
    }
    StartRead(&response_);
  }
  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&mutex_);
    end_ = OutcomeOf(status, *context_);
  }
  // False when there were not so many after a while.
  bool Await(int64_t entries) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&] { return entries_ >= entries; };
    return mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(30)) && in_order_;
  }
  Outcome Stop() {
    context_->TryCancel();
    return AwaitEnd();
  }
  Outcome AwaitEnd() {
    absl::MutexLock lock(&mutex_);
    const auto ended = [&] { return end_.has_value(); };
    mutex_.AwaitWithTimeout(absl::Condition(&ended), absl::Seconds(30));
    return end_.value_or(Outcome{.text = "it did not end"});
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  v1::WatchEntriesRequest request_;
  v1::WatchEntriesResponse response_;
  absl::Mutex mutex_;
  int64_t entries_ = 0;
  bool in_order_ = true;
  std::optional<Outcome> end_;
};

class WatchTest : public FrontTest {
 protected:
  static Limits Wide() {
    Limits limits;
    limits.watches = kWatchers + 100;  // the fixture has one open now and then
    limits.watches_per_address = kWatchers + 100;
    limits.calls_per_address = kWatchers + 200;
    limits.requests_burst = 10'000;
    limits.watch_stall_seconds = 1;
    return limits;
  }
  explicit WatchTest(const Limits& limits = Wide()) : FrontTest(limits) {}
  void AddWatchers(int count) {
    for (int i = 0; i < count; ++i) {
      if (watchers_.size() % kOfOneConnection == 0) {
        stubs_.push_back(v1::AuditService::NewStub(NewChannel()));
      }
      watchers_.push_back(std::make_unique<WatchingClient>(*stubs_.back()));
    }
  }
  void AllHave(int64_t entries) {
    for (size_t i = 0; i < watchers_.size(); ++i) {
      ASSERT_TRUE(watchers_[i]->Await(entries)) << "watcher " << i;
    }
  }
  std::vector<std::unique_ptr<v1::AuditService::Stub>> stubs_;
  std::vector<std::unique_ptr<WatchingClient>> watchers_;
};

TEST_F(WatchTest, ThreadsDoNotGrowWithWatchersAndAllGetTheEntries) {
  Exchange();
  // The first few and all calls of the fixture start what threads gRPC wants.
  AddWatchers(kOfOneConnection);
  AllHave(vault_.ledger().state().size());
  const size_t before = Threads();
  AddWatchers(kWatchers - kOfOneConnection);
  AllHave(vault_.ledger().state().size());
  for (int i = 0; i < 3; ++i) {
    Exchange();
    AllHave(vault_.ledger().state().size());
  }
  // gRPC's pollers come and go by a few; a thread for each watcher would be hundreds.
  EXPECT_LT(Threads(), before + 20);

  for (const auto& watcher : watchers_) {
    EXPECT_EQ(watcher->Stop().code, grpc::StatusCode::CANCELLED);
  }
}

class FewWatchesTest : public WatchTest {
 protected:
  static constexpr int kOthers = 5;
  static constexpr size_t kFree = 3;  // one of them the sleeper's
  static Limits Few() {
    Limits limits = Wide();
    limits.watches = kOthers + kFree;
    return limits;
  }
  FewWatchesTest() : WatchTest(Few()) {}
  // Until kFree further watches are served at a time, which the sleeper's place is needed for.
  void AwaitSleepersEnd() {
    const absl::Time end = absl::Now() + absl::Seconds(30);
    size_t served = 0;
    while (served < kFree && absl::Now() < end) {
      std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
      std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchEntriesResponse>>> watches;
      v1::WatchEntriesResponse response;
      served = 0;
      for (size_t i = 0; i < kFree; ++i) {
        contexts.push_back(NewContext());
        watches.push_back(audit_->WatchEntries(contexts.back().get(), {}));
        served += watches.back()->Read(&response) ? 1 : 0;
      }
      for (size_t i = 0; i < kFree; ++i) {
        contexts[i]->TryCancel();
        while (watches[i]->Read(&response)) {
        }
        watches[i]->Finish().error_code();  // refused, or cancelled as asked
      }
    }
    EXPECT_EQ(served, kFree) << "the sleeper keeps its place";
  }
};

TEST_F(FewWatchesTest, OneWhoDoesNotReadIsEndedAndTheOthersGoOn) {
  for (int i = 0; i < 200; ++i) vault_.ledger().EndRound();  // several messages
  Exchange();
  // A client with a window of a few entries, who reads nothing at all.
  grpc::ChannelArguments small_window;
  small_window.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 5000);
  small_window.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto context = NewContext();
  const auto sleeper_stub = v1::AuditService::NewStub(NewChannel(small_window));
  const auto sleeper = sleeper_stub->WatchEntries(context.get(), {});
  AddWatchers(kOthers);
  AllHave(vault_.ledger().state().size());
  Exchange();
  AllHave(vault_.ledger().state().size());
  // Its end can only be waited for without reading: the server's place for it is free then.
  AwaitSleepersEnd();
  v1::WatchEntriesResponse response;
  int64_t entries = 0;
  while (sleeper->Read(&response)) entries += response.entries_size();
  const Outcome outcome = OutcomeOf(sleeper->Finish(), *context);
  EXPECT_LT(entries, vault_.ledger().state().size());
  EXPECT_EQ(outcome.code, grpc::StatusCode::RESOURCE_EXHAUSTED) << outcome.text;
  EXPECT_TRUE(absl::EndsWith(outcome.text, "[SLOW_READER]")) << outcome.text;
  for (const auto& watcher : watchers_) {
    EXPECT_EQ(watcher->Stop().code, grpc::StatusCode::CANCELLED);
  }
}

}  // namespace
}  // namespace pinhole::front
