#include "server/front/watch.h"

#include <algorithm>

#include "server/front/reason.h"
#include "server/front/rpc_status.h"

namespace pinhole::front {

namespace {
constexpr int64_t kEntriesPerMessage = 200;  // at most 800 kB
}

// One watch. Held by itself until gRPC is done with it, and by a notifier meanwhile.
class Watcher : public grpc::ServerWriteReactor<v1::WatchEntriesResponse> {
 public:
  Watcher(WatchHub& hub, const Mirror& mirror, int64_t start)
      : hub_(hub), mirror_(mirror), next_(start) {}

  // Sends what is there and was not sent, unless a message is under way.
  void Pump() {
    absl::MutexLock lock(&mutex_);
    if (writing_ || finished_ || !Fill()) return;
    writing_ = true;
    StartWrite(&message_);
  }

  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(finished_, true)) return;
    Finish(status);
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
  void OnDone() override { hub_.Remove(this); }

 private:
  // False when there is nothing new.
  bool Fill() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    message_.Clear();
    v1::WatchEntriesResponse& message = message_;
    int64_t& next = next_;
    std::string& head = head_;
    return mirror_.Read([&](const MirrorView& view) {
      const int64_t end = std::min(view.size(), next + kEntriesPerMessage);
      if (next > end || (next == end && head == view.checkpoint)) return false;
      for (; next < end; ++next) {
        v1::LedgerEntry* const entry = message.add_entries();
        entry->set_index(next);
        entry->set_entry(view.entries[static_cast<size_t>(next)]);
      }
      if (next == view.size()) {
        head = view.checkpoint;
        message.set_checkpoint(head);
      }
      return true;
    });
  }

  WatchHub& hub_;
  const Mirror& mirror_;
  absl::Mutex mutex_;
  v1::WatchEntriesResponse message_ ABSL_GUARDED_BY(mutex_);
  int64_t next_ ABSL_GUARDED_BY(mutex_);
  std::string head_ ABSL_GUARDED_BY(mutex_);  // the signed head sent last
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

grpc::ServerWriteReactor<v1::WatchEntriesResponse>* WatchHub::Watch(
    grpc::CallbackServerContext* context, int64_t start) {
  auto watcher = std::make_shared<Watcher>(*this, mirror_, start);
  absl::Status refusal;
  if (start < 0) {
    refusal = Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument,
                     "start is negative: entries are numbered from 0");
  }
  {
    absl::MutexLock lock(&mutex_);
    if (watchers_.size() >= kMaxWatchers) {
      refusal = Refuse(Reason::kBusy, absl::StatusCode::kResourceExhausted,
                       "too many readers watch at the moment: use ListEntries, or try again later");
    }
    watchers_.push_back(watcher);
  }
  if (refusal.ok()) {
    watcher->Pump();
  } else {
    watcher->End(ToGrpc(refusal, context));
  }
  return watcher.get();
}

void WatchHub::Notify() {
  // Copies, so that no watcher is called under the hub's lock.
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    absl::MutexLock lock(&mutex_);
    watchers = watchers_;
  }
  for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->Pump();
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
