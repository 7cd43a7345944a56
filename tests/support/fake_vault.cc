#include "tests/support/fake_vault.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "server/core/base/status.h"
#include "server/core/gate/gate.h"
#include "server/core/replay/requests_check.h"
#include "server/system/descriptor_io.h"
#include "server/system/unix_socket.h"

namespace pinhole::testing {
namespace {

Deadline Soon() { return Deadline::After(absl::Seconds(20)); }

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "fake vault: %s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T Value(absl::StatusOr<T> result) {
  Must(result.status());
  return *std::move(result);
}

}  // namespace

FakeVault::FakeVault(const std::string& socket_path, const contest::Policy& policy)
    : socket_path_(socket_path), listener_(Value(ListenUnix(socket_path, {}))) {
  ledger_.Start();
  ledger_.Dataset();
  ledger_.OpenContest(policy);
}

void FakeVault::Die() {
  connection_.Close();
  listener_.Close();
  ::unlink(socket_path_.c_str());
}

absl::StatusOr<pipe::ToVaultFrame> FakeVault::ReadFrame() {
  std::string bytes(pipe::kToVaultBytes, '\0');
  RETURN_IF_ERROR(ReadExactly(connection_.get(),
                              {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, Soon()));
  return pipe::DecodeToVault(bytes);
}

absl::Status FakeVault::Send(const std::string& frame) {
  return WriteAll(connection_.get(), AsBytes(frame), Soon());
}

absl::Status FakeVault::Open() {
  if (!connection_.valid()) {
    ASSIGN_OR_RETURN(connection_, AcceptUnix(listener_.get(), Soon()));
  }
  return Send(pipe::EncodeToFront(
      {pipe::ToFrontType::kOpen, pipe::EncodeRound(ledger_.contest().NextRound())}));
}

absl::StatusOr<FakeVault::Batch> FakeVault::ReadBatch() {
  Batch batch;
  while (true) {
    ASSIGN_OR_RETURN(pipe::ToVaultFrame frame, ReadFrame());
    if (frame.type == pipe::ToVaultType::kCosignature) {
      Count(frame.payload);
      batch.cosignatures.push_back(std::move(frame.payload));
      continue;
    }
    if ((frame.type == pipe::ToVaultType::kHello) != (batch.mirror_size < 0)) {
      return absl::InternalError("no hello came first, or another");
    }
    if (frame.type == pipe::ToVaultType::kEnd) return batch;
    if (frame.type == pipe::ToVaultType::kHello) {
      ASSIGN_OR_RETURN(batch.mirror_size, pipe::DecodeHello(frame.payload));
    } else if (frame.type == pipe::ToVaultType::kRequest) {
      ASSIGN_OR_RETURN(pipe::Request request, pipe::ParseRequest(frame.payload));
      batch.requests.push_back({.request = std::move(request)});
    } else if (frame.type == pipe::ToVaultType::kProgram && !batch.requests.empty()) {
      batch.requests.back().payload_bytes.push_back(frame.payload.size());
      batch.requests.back().program += frame.payload;
    } else {
      return absl::InternalError("a frame came out of its turn");
    }
  }
}

void FakeVault::Admit(const Batch& batch) {
  for (const Received& received : batch.requests) {
    absl::StatusOr<log::EncodedEntry> entry = absl::NotFoundError("not admitted");
    if (const auto* join = std::get_if<pipe::JoinRequest>(&received.request)) {
      const auto team = replay::PlanJoin(ledger_.state(), *join);
      if (team.ok()) entry = log::Encode(*team);
    } else if (const auto* choice = std::get_if<pipe::ChooseRequest>(&received.request)) {
      const auto planned = replay::PlanChoice(ledger_.state(), *choice);
      if (planned.ok()) entry = log::Encode(*planned);
    } else {
      const auto& submit = std::get<pipe::SubmitRequest>(received.request);
      replay::ProgramCommitment commitment(submit.nonce);
      commitment.Update(AsBytes(received.program));
      const auto admit = replay::PlanAdmit(ledger_.state(), submit, commitment.Finish());
      if (admit.ok() && Sha256(received.program) == submit.program) entry = log::Encode(*admit);
    }
    if (entry.ok()) Must(ledger_.Append(*entry));
  }
}

void FakeVault::EndRound(std::optional<int> level) {
  const replay::Contest& contest = ledger_.contest();
  const auto due = contest.due.find(contest.NextRound());
  const std::vector<int64_t> admits =
      due == contest.due.end() ? std::vector<int64_t>() : due->second;
  for (const int64_t admit : admits) {
    std::optional<score::Level> reached;
    if (level.has_value()) {
      reached = LevelOfIndex(*level, contest.policy.policy.scoring.scale.level_count());
    }
    Must(ledger_.Append(
        Value(gate::Release(ledger_.contest(), ledger_.contest().admissions.at(admit), reached))));
  }
  ledger_.EndRound();
}

absl::Status FakeVault::HandOver(int64_t first, const Tamper& tamper) {
  std::vector<std::string> entries(ledger_.entries().begin() + first, ledger_.entries().end());
  std::string checkpoint = ledger_.Checkpoint();
  if (tamper) tamper(entries, checkpoint);
  const std::vector<std::string> frames =
      pipe::HandOver(ledger_.contest().last_round, first, entries, checkpoint);
  // The first is kOpen, which went out before the batch came.
  for (size_t i = 1; i < frames.size(); ++i) RETURN_IF_ERROR(Send(frames[i]));
  return absl::OkStatus();
}

void FakeVault::NeedCosignatures(size_t count) {
  quorum_ = count;
  released_ = ledger_.state().size();
  released_head_ = ledger_.Checkpoint();
}

absl::Status FakeVault::AskWitnesses() {
  lines_.clear();
  std::vector<Digest> hashes;
  for (size_t i = static_cast<size_t>(released_); i < ledger_.entries().size(); ++i) {
    hashes.push_back(LeafHash(ledger_.entries()[i]));
  }
  for (const std::string& frame : pipe::PendingFrames(released_, hashes, ledger_.Checkpoint())) {
    RETURN_IF_ERROR(Send(frame));
  }
  return absl::OkStatus();
}

void FakeVault::Count(const std::string& line) {
  lines_.insert(line);
  if (lines_.size() < quorum_) return;
  released_ = ledger_.state().size();
  released_head_ = ledger_.Checkpoint();
  for (const std::string& one : lines_) released_head_ += one;
}

absl::StatusOr<std::string> FakeVault::TakeCosignature() {
  ASSIGN_OR_RETURN(pipe::ToVaultFrame frame, ReadFrame());
  if (frame.type != pipe::ToVaultType::kCosignature) {
    return absl::InternalError("a frame that is no cosignature came");
  }
  Count(frame.payload);
  return std::move(frame.payload);
}

absl::Status FakeVault::HandOverReleased(int64_t first) {
  return HandOver(first, [this](std::vector<std::string>& entries, std::string& checkpoint) {
    const auto waiting = ledger_.entries().size() - static_cast<size_t>(released_);
    entries.resize(entries.size() - waiting);
    checkpoint = released_head_;
  });
}

absl::StatusOr<FakeVault::Batch> FakeVault::Exchange(std::optional<int> level) {
  RETURN_IF_ERROR(Open());
  ASSIGN_OR_RETURN(Batch batch, ReadBatch());
  Admit(batch);
  EndRound(level);
  RETURN_IF_ERROR(HandOver(batch.mirror_size));
  return batch;
}

}  // namespace pinhole::testing
