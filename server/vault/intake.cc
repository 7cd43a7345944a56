#include "server/vault/intake.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/pipe/frames.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"
#include "server/vault/fault.h"

namespace pinhole::vault {

std::string ProgramPath(const std::string& programs_directory, const PublicKey& team,
                        const Digest& program) {
  return absl::StrFormat("%s/%s-%s", programs_directory, team.ToHex(), HexEncode(program));
}

Intake::~Intake() {
  if (receiving_.has_value() && receiving_->file.valid()) ::unlink(receiving_->temporary.c_str());
}

absl::Status Intake::Take(std::string_view bytes) {
  ASSIGN_OR_RETURN(const pipe::ToVaultFrame frame, pipe::DecodeToVault(bytes));
  if (ended_) return absl::InvalidArgumentError("frames after the end of the batch");
  if (receiving_.has_value() != (frame.type == pipe::ToVaultType::kProgram)) {
    return absl::InvalidArgumentError("a program's frames must follow its request");
  }
  if (frame.type == pipe::ToVaultType::kCosignature) {
    if (cosignatures_.size() >= kMostCosignatures)
      return absl::InvalidArgumentError("more cosignatures than a batch may bring");
    cosignatures_.push_back(frame.payload);
    return absl::OkStatus();
  }
  if (mirror_size_.has_value() == (frame.type == pipe::ToVaultType::kHello)) {
    return absl::InvalidArgumentError("a batch begins with one hello");
  }
  switch (frame.type) {
    case pipe::ToVaultType::kHello: {
      ASSIGN_OR_RETURN(const int64_t size, pipe::DecodeHello(frame.payload));
      mirror_size_ = size;
      return absl::OkStatus();
    }
    case pipe::ToVaultType::kRequest:
      return TakeRequest(frame.payload);
    case pipe::ToVaultType::kProgram:
      return TakeProgram(frame.payload);
    case pipe::ToVaultType::kEnd:
      if (!frame.payload.empty()) return absl::InvalidArgumentError("the end has no payload");
      ended_ = true;
      return absl::OkStatus();
    case pipe::ToVaultType::kCosignature:
      break;  // taken above
  }
  return absl::InvalidArgumentError("unknown frame");
}

absl::Status Intake::TakeRequest(std::string_view text) {
  if (++requests_ > kMaxRequestsOfBatch)
    return absl::InvalidArgumentError("more requests than a batch may bring");
  absl::StatusOr<pipe::Request> request = pipe::ParseRequest(text);
  if (!request.ok()) return request.status();  // an honest front checks this before it sends
  if (auto* join = std::get_if<pipe::JoinRequest>(&*request)) {
    TakeJoin(std::move(*join));
    return absl::OkStatus();
  }
  if (auto* choice = std::get_if<pipe::ChooseRequest>(&*request)) {
    TakeChoice(std::move(*choice));
    return absl::OkStatus();
  }
  const auto& submit = std::get<pipe::SubmitRequest>(*request);
  Receiving receiving{.request = submit,
                      .left = submit.program_bytes,
                      .commitment = replay::ProgramCommitment(submit.nonce)};
  OpenProgram(receiving);
  receiving_.emplace(std::move(receiving));
  return absl::OkStatus();
}

// What the exchange looks at again is bounded by what organizers signed, not by what a front sends.
void Intake::TakeJoin(pipe::JoinRequest join) {
  const PublicKey& invitation = join.invitation.key;
  if (invitations_.contains(invitation) || !replay::PlanJoin(state_, join).ok()) return;
  invitations_.insert(invitation);
  joining_.insert(join.team_key);
  arrived_.push_back({.request = std::move(join)});
}

void Intake::TakeChoice(pipe::ChooseRequest choice) {
  // The results of this exchange come before it and may show what is chosen; no team can have two.
  if (choosing_.contains(choice.team_key) || !replay::PlanChoice(state_, choice).ok()) return;
  choosing_.insert(choice.team_key);
  arrived_.push_back({.request = std::move(choice)});
}

bool Intake::MayBeAdmitted(const pipe::SubmitRequest& request) const {
  if (replay::PlanAdmit(state_, request, Digest{}).ok()) return true;
  // A team may join and submit in one batch: its TEAM entry will come before its ADMIT.
  if (!joining_.contains(request.team_key)) return false;
  const replay::Contest* contest = state_.Find(request.contest);
  return contest != nullptr && request.policy == contest->policy_digest &&
         request.program_bytes <= contest->policy.policy.limits.program_bytes;
}

// A request that cannot be admitted must not cost disk; its program's frames still have to be
// passed over. The policy's limit of waiting submissions bounds what a team can have stored in one
// batch.
void Intake::OpenProgram(Receiving& receiving) {
  const pipe::SubmitRequest& request = receiving.request;
  if (!MayBeAdmitted(request)) return;
  int& stored = programs_of_team_[request.team_key];
  if (stored >= state_.Find(request.contest)->policy.policy.release.waiting) return;
  ++stored;
  const absl::StatusOr<int64_t> free = FreeBytes(programs_);
  if (free.ok() && *free - request.program_bytes < keep_free_bytes_) {
    ++dropped_for_room_;
    return;
  }
  receiving.temporary = ProgramPath(programs_, request.team_key, request.program) + ".part";
  ::unlink(receiving.temporary.c_str());
  absl::StatusOr<UniqueFd> file = CreateForWrite(receiving.temporary, 0600);
  if (file.ok()) {
    receiving.file = *std::move(file);
  } else {
    ++dropped_for_room_;
  }
}

absl::Status Intake::TakeProgram(std::string_view chunk) {
  const bool last = receiving_->left <= static_cast<int64_t>(pipe::kToVaultPayload);
  if (static_cast<int64_t>(chunk.size()) !=
      std::min<int64_t>(receiving_->left, pipe::kToVaultPayload)) {
    return absl::InvalidArgumentError("a program's frames are full but the last");
  }
  receiving_->left -= static_cast<int64_t>(chunk.size());
  if (receiving_->file.valid()) {
    const ByteView bytes = AsBytes(chunk);
    receiving_->hash.Update(bytes);
    receiving_->commitment.Update(bytes);
    // No room for a program is not the front's fault: the request is dropped and may come again.
    if (!WriteAll(receiving_->file.get(), bytes, Deadline::Never()).ok()) {
      receiving_->file.Close();
      ::unlink(receiving_->temporary.c_str());
      ++dropped_for_room_;
    }
  }
  return last ? FinishProgram() : absl::OkStatus();
}

absl::Status Intake::FinishProgram() {
  Receiving done = *std::move(receiving_);
  receiving_.reset();
  if (!done.file.valid()) return absl::OkStatus();
  const std::string path = ProgramPath(programs_, done.request.team_key, done.request.program);
  if (done.hash.Finish() != done.request.program) {
    ::unlink(done.temporary.c_str());
    return absl::OkStatus();  // not what the team signed: nothing is admitted
  }
  if (::fsync(done.file.get()) != 0) {
    ::unlink(done.temporary.c_str());
    ++dropped_for_room_;
    return absl::OkStatus();
  }
  PINHOLE_FAULT_POINT("program-received");
  if (!RenameDurably(done.temporary, path).ok()) {
    // A file that has its name stays: an admitted run may mean it already.
    ::unlink(done.temporary.c_str());
    ++dropped_for_room_;
    return absl::OkStatus();
  }
  arrived_.push_back(
      {.request = done.request, .program_path = path, .commitment = done.commitment.Finish()});
  return absl::OkStatus();
}

}  // namespace pinhole::vault
