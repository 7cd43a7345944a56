#include "tests/simulation/front.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/entries.h"
#include "server/system/unix_socket.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::simulation {

using pipe::ToVaultType;

Front::Front(const PublicWorld& world, uint64_t seed, std::string socket)
    : world_(world), random_(Random(seed).Branch(2)), socket_(std::move(socket)) {}

void Front::Act() {
  Receive();
  if (!connection_.valid()) {
    incoming_.clear();
    partial_.clear();
    outgoing_.clear();
    sent_ = false;
    leave_after_ = -1;
    absl::StatusOr<UniqueFd> next = ConnectUnix(socket_);
    if (!next.ok()) return;
    connection_ = *std::move(next);
  }
  if (sent_) return;
  MakeBatch();
  sent_ = true;
  Refill();
}

void Front::Refill() {
  if (!connection_.valid() || !sent_) return;
  if (!outgoing_.empty()) {
    const ssize_t sent =
        ::write(connection_.get(), outgoing_.data(), outgoing_.size());  // never waits
    if (sent > 0) outgoing_.erase(0, static_cast<size_t>(sent));
    if (sent < 0 && errno != EAGAIN) outgoing_.clear();
  }
  // Only its own direction: a connection that is gone on both sides the vault would wait for.
  if (outgoing_.empty() && std::exchange(hang_up_, false)) ::shutdown(connection_.get(), SHUT_WR);
}

void Front::Receive() {
  std::array<char, 1 << 14> chunk;
  while (connection_.valid()) {
    const ssize_t got = ::recv(connection_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      connection_.Close();
      return;
    }
    incoming_.append(chunk.data(), static_cast<size_t>(got));
    while (connection_.valid() && incoming_.size() >= pipe::kToFrontBytes) {
      const auto frame =
          pipe::DecodeToFront(std::string_view(incoming_).substr(0, pipe::kToFrontBytes));
      incoming_.erase(0, pipe::kToFrontBytes);
      if (!frame.ok()) {
        contradiction_ = "a frame that is none";
        return;
      }
      Take(*frame);
    }
  }
}

void Front::Take(const pipe::ToFrontFrame& frame) {
  switch (frame.type) {
    case pipe::ToFrontType::kOpen:
      head_.clear();
      return;
    case pipe::ToFrontType::kPending: {
      const auto pending = pipe::DecodePendingHashes(frame.payload);
      if (!pending.ok()) contradiction_ = "hashes that are none";
      if (pending.ok()) TakeHashes(*pending);
      break;
    }
    case pipe::ToFrontType::kHead:
      AskWitnesses(frame.payload);
      break;
    case pipe::ToFrontType::kEntry: {
      const auto piece = pipe::DecodeEntryPiece(frame.payload);
      if (!piece.ok()) contradiction_ = "a piece of an entry that is none";
      if (piece.ok()) TakePiece(*piece);
      break;
    }
    case pipe::ToFrontType::kCheckpoint:
      head_ += frame.payload;
      break;
    case pipe::ToFrontType::kDone:
      heads_.push_back(std::exchange(head_, {}));
      if (const auto round = pipe::DecodeRound(frame.payload); whole_ && round.ok() && *round > 0)
        delivered_.push_back({.requests = std::move(asked_), .round = *round});
      asked_.clear();
      sent_ = false;
      leave_after_ = -1;
      return;
  }
  if (leave_after_ >= 0 && leave_after_-- == 0) connection_.Close();
}

void Front::TakePiece(const pipe::EntryPiece& piece) {
  if (piece.offset != partial_.size()) {
    contradiction_ = absl::StrFormat("a piece of entry %d is missing", piece.index);
    return;
  }
  partial_ += piece.bytes;
  if (partial_.size() < piece.total) return;
  if (log::EntryType(partial_) == "POLICY" && world_.policy.witnesses.asked())
    policy_index_ = piece.index;
  if (piece.index >= policy_index_ && piece.index >= cosigned_)
    contradiction_ = absl::StrFormat("entry %d came before its quorum", piece.index);
  const auto [found, fresh] = entries_.try_emplace(piece.index, partial_);
  if (!fresh && found->second != partial_)
    contradiction_ = absl::StrFormat("entry %d was another before", piece.index);
  if (fresh) Learn(piece.index, partial_);
  partial_.clear();
}

void Front::Learn(int64_t index, std::string_view bytes) {
  const std::string_view type = log::EntryType(bytes);
  if (type != "TEAM" && type != "ADMIT" && type != "CHOICE") return;
  const absl::StatusOr<log::Entry> entry = log::ParseEntry(bytes);
  if (!entry.ok()) return;
  if (const auto* team = std::get_if<log::TeamEntry>(&*entry)) {
    for (int i = 0; i < world_.team_count; ++i) {
      if (world_.TeamKey(i).public_key() == team->key) numbers_[i] = team->number;
    }
  } else if (const auto* admit = std::get_if<log::AdmitEntry>(&*entry)) {
    known_[admit->team].admits.push_back(index);
  } else if (const auto* choice = std::get_if<log::ChoiceEntry>(&*entry)) {
    ++known_[choice->team].choices;
  }
}

void Front::TakeHashes(const pipe::PendingHashes& pending) {
  int64_t index = pending.first;
  for (const Digest& hash : pending.hashes) {
    const auto [found, fresh] = hashes_.try_emplace(index, hash);
    if (!fresh && found->second != hash)
      contradiction_ = absl::StrFormat("entry %d had another hash before", index);
    ++index;
  }
}

void Front::AskWitnesses(const std::string& note) {
  const auto head = OpenCheckpoint(note, LedgerSigner().verifier());
  if (!head.ok()) {
    contradiction_ = "a head that waits and is none";
    return;
  }
  ++waits_;
  waiting_heads_.push_back(note);
  if (newest_waiting_ != note) {
    newest_waiting_ = note;
    signers_.clear();
    late_.clear();
  }
  const contest::Witnesses& witnesses = world_.policy.witnesses;
  for (int n = 1; n <= static_cast<int>(witnesses.verifiers.size()); ++n) {
    if (random_.OneIn(4)) continue;
    std::string line = testing::TestWitness(n).Cosign(FormatCheckpoint(*head), 1'700'000'000);
    if (random_.OneIn(4)) {
      late_.emplace(n, std::move(line));
      continue;
    }
    if (!connection_.valid() || hang_up_) continue;
    outgoing_ += pipe::EncodeToVault({ToVaultType::kCosignature, std::move(line)});
    Signed(n);
  }
  Refill();
}

void Front::Signed(int witness) {
  signers_.insert(witness);
  const auto head = OpenCheckpoint(newest_waiting_, LedgerSigner().verifier());
  const auto size = static_cast<int64_t>(head->size);
  if (static_cast<int>(signers_.size()) < world_.policy.witnesses.quorum || size <= cosigned_)
    return;
  cosigned_ = size;
  ++quorums_;
}

void Front::Frame(ToVaultType type, std::string payload) {
  batch_.push_back(pipe::EncodeToVault({type, std::move(payload)}));
}

void Front::Request(std::string text) { Frame(ToVaultType::kRequest, std::move(text)); }

Submission Front::NewSubmission(int team) {
  Submission made;
  made.program = absl::StrFormat("program %d of team %d", made_.size(), team);
  // Some programs take more than a frame.
  if (random_.OneIn(8)) made.program.resize(static_cast<size_t>(random_.Between(4000, 9000)), '.');
  made.request = {.contest = world_.policy.contest,
                  .policy = world_.policy_digest,
                  .team_key = {},
                  .program = Sha256(made.program),
                  .program_bytes = static_cast<int64_t>(made.program.size()),
                  .nonce = Sha256(made.program + " nonce")};
  const int64_t id = static_cast<int64_t>(made_.size());
  for (size_t i = 0; i < 8; ++i)
    made.request.request_id[i] = static_cast<uint8_t>(static_cast<uint64_t>(id) >> (8 * i));
  switch (random_.Below(24)) {
    case 0:
    case 1:
    case 2:
      made.request.show_below =
          static_cast<int>(random_.Between(0, world_.policy.scoring.scale.level_count() + 1));
      break;
    case 3:
      made.request.policy[0] ^= 1;
      break;
    case 4:
      made.request.contest = "another";
      break;
    case 5:  // another body under an id that was used
      if (!made_.empty()) made.request.request_id = OldSubmission().request.request_id;
      break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:  // a program that was sent before, under another id
      if (!made_.empty()) {
        const Submission& old = OldSubmission();
        made.program = old.program;
        made.request.program = old.request.program;
        made.request.program_bytes = old.request.program_bytes;
      }
      break;
    default:
      break;
  }
  made.request = pipe::SignSubmit(world_.TeamKey(team), made.request);
  made_.push_back(made);
  submissions_.emplace(Sha256(ByteView(made.request.signature)), made);
  return made;
}

const Submission& Front::OldSubmission() {
  return made_[static_cast<size_t>(random_.Below(static_cast<int64_t>(made_.size())))];
}

void Front::AddSubmission(const Submission& submission) {
  ++sent_submissions_;
  Request(pipe::Encode(submission.request));
  std::string program = submission.program;
  const bool as_signed = !random_.OneIn(40);
  if (!as_signed) program[0] ^= 1;
  asked_.push_back({.request = submission.request, .as_signed = as_signed});
  for (size_t at = 0; at < program.size(); at += pipe::kToVaultPayload)
    Frame(ToVaultType::kProgram, program.substr(at, pipe::kToVaultPayload));
}

void Front::AddChoice(int team) {
  const auto number = numbers_.find(team);
  if (number == numbers_.end()) return;
  const Known& mine = known_[number->second];
  // Somebody else's at times, which is refused.
  const Known& any = random_.OneIn(12) ? known_.begin()->second : mine;
  pipe::ChooseRequest choice{.contest = world_.policy.contest, .team = number->second};
  if (!any.admits.empty() && !random_.OneIn(6)) {
    choice.admit =
        any.admits[static_cast<size_t>(random_.Below(static_cast<int64_t>(any.admits.size())))];
  }
  // An old signature, or one for later, at times.
  choice.number = random_.OneIn(8) ? random_.Below(mine.choices + 2) : mine.choices;
  choice = pipe::SignChoose(world_.TeamKey(team), choice);
  asked_.push_back({.request = choice});
  Request(pipe::Encode(choice));
}

void Front::MakeBatch() {
  batch_.clear();
  asked_.clear();
  hang_up_ = false;
  int64_t mirror = entries_.empty() ? 0 : entries_.rbegin()->first + 1;
  if (random_.OneIn(20)) mirror = random_.Below(mirror + 5);
  // What witnesses said too late for the last exchange; somebody else's lines are among them.
  for (auto& [witness, line] : std::exchange(late_, {})) {
    const bool another = random_.OneIn(6);
    Frame(ToVaultType::kCosignature,
          another ? testing::TestWitness(9).Cosign("another\n1\nAAAA\n", 1) : std::move(line));
    if (!another) Signed(witness);
  }
  Frame(ToVaultType::kHello, pipe::EncodeHello(mirror));
  for (int team = 0; team < world_.team_count; ++team) {
    const bool joined = joined_.contains(team);
    // A join that got lost is repeated at some time.
    if (joined ? random_.OneIn(8) : !random_.OneIn(4)) {
      joined_.insert(team);
      const pipe::JoinRequest join = world_.Join(team);
      asked_.push_back({.request = join});
      Request(pipe::Encode(join));
    }
    if (!joined_.contains(team)) continue;
    if (random_.OneIn(3)) AddChoice(team);
    // Little more than a team may ever submit.
    int& sent = sent_of_team_[team];
    if (sent > world_.policy.release.tries + 4 && !random_.OneIn(6)) continue;
    const int64_t count = random_.Below(world_.policy.release.waiting + 2);
    sent += static_cast<int>(count);
    for (int64_t i = 0; i < count; ++i) {
      const bool old = !made_.empty() && random_.OneIn(12);
      AddSubmission(old ? OldSubmission() : NewSubmission(team));
    }
  }
  Frame(ToVaultType::kEnd, "");
  whole_ = !random_.OneIn(5);
  if (!whole_) Misbehave();
  if (random_.OneIn(12)) leave_after_ = random_.Below(12);
  outgoing_.clear();
  for (const std::string& frame : batch_) outgoing_ += frame;
}

// Each of these must cost the vault nothing but the connection.
void Front::Misbehave() {
  const auto any = [&] {
    return static_cast<size_t>(random_.Below(static_cast<int64_t>(batch_.size())));
  };
  switch (random_.Below(7)) {
    case 0:  // hangs up somewhere
      batch_.resize(any());
      if (random_.OneIn(2) && !batch_.empty()) batch_.back().resize(1000);
      hang_up_ = true;
      break;
    case 1:  // a frame is lost
      batch_.erase(batch_.begin() + static_cast<int64_t>(any()));
      hang_up_ = true;  // where the last was lost, nothing would end the batch
      break;
    case 2: {  // two change places
      const size_t a = any();
      std::swap(batch_[a], batch_[any()]);
      hang_up_ = true;
      break;
    }
    case 3: {  // one comes twice
      const size_t a = any();
      batch_.insert(batch_.begin() + static_cast<int64_t>(a), batch_[a]);
      break;
    }
    case 4: {  // a byte is another: a signature breaks, or a key, or a length
      std::string& frame = batch_[any()];
      frame[static_cast<size_t>(random_.Below(200))] ^= 1;
      hang_up_ = true;
      break;
    }
    case 5: {  // an invitation that no organizer signed
      static const SigningKey forger = testing::TestKey(66);
      const auto invitation =
          pipe::SignInvitation(forger, world_.policy.contest, "eve", forger.public_key());
      batch_.insert(batch_.begin() + 1,
                    pipe::EncodeToVault({ToVaultType::kRequest, pipe::Encode(pipe::SignJoin(
                                                                    forger, forger, invitation))}));
      break;
    }
    default:  // no frame at all
      batch_[any()] = std::string(pipe::kToVaultBytes, '\xff');
      break;
  }
}

}  // namespace pinhole::simulation
