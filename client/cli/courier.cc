#include "client/cli/courier.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "absl/strings/str_format.h"
#include "client/cli/cosigned_note.h"
#include "server/core/base/status.h"
#include "server/publish/static_ledger.h"
#include "server/system/file_watch.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

constexpr char kCheckpoint[] = "checkpoint";
constexpr size_t kNoteLimitBytes = size_t{1} << 16;

}  // namespace

Courier::Courier(CourierTask task)
    : task_(std::move(task)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

absl::Status Courier::Run(const std::vector<std::string>& sources, int stop_fd) {
  if (!wake_.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  std::vector<HttpBreak> calls(sources.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < sources.size(); ++i) {
    threads.emplace_back([this, &sources, &calls, i] { Serve(sources[i], calls[i]); });
  }
  absl::Status end = Watch(stop_fd);
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    if (end.ok()) end = failure_;
  }
  for (HttpBreak& call : calls) call.BreakOff();
  for (std::thread& thread : threads) thread.join();
  return end;
}

absl::Status Courier::Watch(int stop_fd) {
  ASSIGN_OR_RETURN(FileWatch watch, FileWatch::Open(task_.folder, kCheckpoint));
  RETURN_IF_ERROR(Look());
  while (true) {
    std::array<pollfd, 3> ready = {
        {{stop_fd, POLLIN, 0}, {wake_.get(), POLLIN, 0}, {watch.fd(), POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, "poll");
    }
    if (ready[0].revents != 0 || ready[1].revents != 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool changed, watch.Take());
    if (changed) RETURN_IF_ERROR(Look());
  }
}

absl::Status Courier::Look() {
  const absl::StatusOr<std::string> note =
      ReadFile(task_.folder + "/" + kCheckpoint, kNoteLimitBytes);
  if (absl::IsNotFound(note.status())) return absl::OkStatus();  // the front has shown none yet
  RETURN_IF_ERROR(note.status());
  const absl::StatusOr<NoteParts> parts = ParseNote(*note);
  if (parts.ok()) {
    // What changed may be its cosignatures alone.
    const absl::MutexLock lock(&mutex_);
    if (head_ != nullptr && FormatCheckpoint(head_->head()) == parts->text) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(ProvableHead head, task_.read());
  const absl::MutexLock lock(&mutex_);
  head_ = std::make_shared<const ProvableHead>(std::move(head));
  ++number_;
  return absl::OkStatus();
}

void Courier::Serve(const std::string& source, HttpBreak& broken) {
  int64_t settled = 0;     // the head about which nothing more is to be asked
  int64_t unanswered = 0;  // the head about which it is to be asked again
  absl::Duration wait = absl::ZeroDuration();
  while (true) {
    std::shared_ptr<const ProvableHead> head;
    int64_t number = 0;
    {
      const absl::MutexLock lock(&mutex_);
      const auto is_new = [&] {
        mutex_.AssertHeld();
        return stopped_ || (number_ != settled && number_ != unanswered);
      };
      mutex_.AwaitWithTimeout(absl::Condition(&is_new),
                              unanswered != 0 ? wait : absl::InfiniteDuration());
      if (stopped_) return;
      head = head_;
      number = number_;
    }
    if (AskAbout(source, *head, broken) == Asked::kSettled) {
      settled = number;
      unanswered = 0;
      wait = absl::ZeroDuration();
    } else {
      unanswered = number;
      wait = std::min(std::max(task_.first_retry, 2 * wait), task_.last_retry);
    }
  }
}

Courier::Asked Courier::AskAbout(const std::string& source, const ProvableHead& head,
                                 HttpBreak& broken) {
  const absl::StatusOr<std::string> answer = task_.ask(source, head, broken);
  absl::StatusOr<CosignedNote> cosigned =
      answer.ok() ? AddCosignatures(head.note(), *answer, task_.log, task_.witnesses)
                  : answer.status();
  if (!cosigned.ok()) {
    Tell(source, head, std::string(cosigned.status().message()));
    return absl::IsUnavailable(cosigned.status()) ? Asked::kAgain : Asked::kSettled;
  }
  const absl::Status added = publish::CosignStaticLedger(
      task_.folder, head.note(), [&](const std::string& note) -> absl::StatusOr<std::string> {
        ASSIGN_OR_RETURN(CosignedNote more,
                         AddCosignatures(note, *answer, task_.log, task_.witnesses));
        return std::move(more.note);
      });
  if (added.ok()) {
    Tell(source, head, CosignedText(*cosigned));
  } else if (absl::IsFailedPrecondition(added)) {
    Tell(source, head, CosignedText(*cosigned) + ", when the folder had another head already");
  } else {
    Fail(added);
  }
  return Asked::kSettled;
}

void Courier::Tell(const std::string& source, const ProvableHead& head, std::string text) {
  {
    const absl::MutexLock lock(&mutex_);
    if (stopped_) return;  // a call that was broken off says nothing of its source
  }
  const absl::MutexLock lock(&tell_mutex_);
  task_.tell({.source = source, .entries = head.head().size, .text = std::move(text)});
}

void Courier::Fail(const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  if (failure_.ok()) failure_ = status;
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

}  // namespace pinhole::cli
