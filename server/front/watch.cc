#include "server/front/watch.h"

#include <algorithm>
#include <optional>

#include "server/core/base/status.h"
#include "server/front/caller.h"
#include "server/front/reason.h"
#include "server/front/rpc_status.h"

namespace pinhole::front {

// One watch. Held by hub and timer until gRPC is done with it, and by a notifier meanwhile.
class Watcher : public grpc::ServerWriteReactor<v1::WatchEntriesResponse>, public TimedCall {
 public:
  Watcher(WatchHub& hub, grpc::CallbackServerContext* context, int64_t start)
      : hub_(hub), context_(context), handle_(*context), next_(start) {}

  absl::Status Enter() {
    absl::StatusOr<CallGate::Lease> lease =
        hub_.keepers_.gate.Enter(CallerAddress(context_->peer()), CallKind::kWatch, SteadyMs());
    RETURN_IF_ERROR(lease.status());
    lease_.emplace(*std::move(lease));
    return CheckDeadline(*context_);
  }

  // Sends what is there and was not sent, unless a message is under way.
  void Pump() {
    absl::MutexLock lock(&mutex_);
    if (writing_ || finished_ || !Fill()) return;
    writing_ = true;
    write_due_ms_ = SteadyMs() + 1000 * hub_.keepers_.gate.limits().watch_stall_seconds;
    StartWrite(&message_);
  }

  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(finished_, true)) return;
    Finish(status);
  }

  // Ends it even when a message under way is not read.
  void EndOrBreakOff(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
    finished_ = true;
    if (writing_) {
      hub_.keepers_.log.CountCall(status);
      handle_.BreakOff(status);
      Finish(grpc::Status::CANCELLED);  // the end of the reactor; the client has the other text
    } else {
      Finish(ToGrpc(status, context_, hub_.keepers_.log));
    }
  }

  void Tick(int64_t now_ms) override {
    {
      absl::MutexLock lock(&mutex_);
      if (!writing_ || now_ms < write_due_ms_) return;
    }
    EndOrBreakOff(Refuse(Reason::kSlowReader, absl::StatusCode::kResourceExhausted,
                         "what was sent is not read: watch again from the next entry, and read"));
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
    }
    if (ok) {
      Pump();
    } else {
      End(grpc::Status(grpc::StatusCode::CANCELLED, "the watcher went away"));
    }
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override {
    lease_.reset();
    hub_.keepers_.timer.Remove(this);
    hub_.Remove(this);  // may be the end of this
  }

 private:
  // False when there is nothing new.
  bool Fill() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    message_.Clear();
    v1::WatchEntriesResponse& message = message_;
    int64_t& next = next_;
    std::string& head = head_;
    return hub_.mirror_.Read([&](const MirrorView& view) {
      mutex_.AssertHeld();  // called at once, which the compiler does not see
      if (next > view.size() || (next == view.size() && head == view.checkpoint)) return false;
      for (size_t bytes = 0; next < view.size() && bytes < WatchHub::kMessageBytes; ++next) {
        v1::LedgerEntry* const entry = message.add_entries();
        entry->set_index(next);
        entry->set_entry(view.entries[static_cast<size_t>(next)]);
        bytes += entry->entry().size();
      }
      if (next == view.size()) {
        head = view.checkpoint;
        message.set_checkpoint(head);
      }
      return true;
    });
  }

  WatchHub& hub_;
  grpc::CallbackServerContext* const context_;
  CallHandle handle_;
  std::optional<CallGate::Lease> lease_;
  absl::Mutex mutex_;
  v1::WatchEntriesResponse message_ ABSL_GUARDED_BY(mutex_);
  int64_t next_ ABSL_GUARDED_BY(mutex_);
  std::string head_ ABSL_GUARDED_BY(mutex_);  // the signed head sent last
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t write_due_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

grpc::ServerWriteReactor<v1::WatchEntriesResponse>* WatchHub::Watch(
    grpc::CallbackServerContext* context, int64_t start) {
  auto watcher = std::make_shared<Watcher>(*this, context, start);
  {
    absl::MutexLock lock(&mutex_);
    watchers_.push_back(watcher);
  }
  keepers_.timer.Add(watcher);
  absl::Status refusal = watcher->Enter();
  if (refusal.ok() && start < 0) {
    refusal = Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument,
                     "start is negative: entries are numbered from 0");
  }
  if (refusal.ok()) {
    watcher->Pump();
  } else {
    watcher->End(ToGrpc(refusal, context, keepers_.log));
  }
  return watcher.get();
}

std::vector<std::shared_ptr<Watcher>> WatchHub::All() const {
  absl::MutexLock lock(&mutex_);
  return watchers_;
}

// Copies, so that no watcher is called under the hub's lock.
void WatchHub::Notify() {
  for (const std::shared_ptr<Watcher>& watcher : All()) watcher->Pump();
}

void WatchHub::EndAll(const absl::Status& status) {
  for (const std::shared_ptr<Watcher>& watcher : All()) watcher->EndOrBreakOff(status);
}

void WatchHub::Remove(const Watcher* watcher) {
  std::shared_ptr<Watcher> last;  // dies after the lock is released
  absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(watchers_.begin(), watchers_.end(),
                                  [&](const auto& other) { return other.get() == watcher; });
  if (found == watchers_.end()) return;
  last = std::move(*found);
  watchers_.erase(found);
}

}  // namespace pinhole::front
