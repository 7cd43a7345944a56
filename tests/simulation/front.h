// A front that anybody may own: it joins, submits, repeats, forges, loses frames, lies about its
// mirror and hangs up, by the public seed and by what it was handed over.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/pipe/frames.h"
#include "server/core/pipe/requests.h"
#include "server/system/unique_fd.h"
#include "tests/simulation/public_world.h"
#include "tests/simulation/random.h"

namespace pinhole::simulation {

// A batch that came whole in the exchange of a round.
struct Delivered {
  struct One {
    pipe::Request request;
    bool as_signed = true;  // its program is the one that was signed
  };
  std::vector<One> requests;
  int64_t round = 0;
};

// A submission as its team signed it.
struct Submission {
  pipe::SubmitRequest request;
  std::string program;
};

class Front {
 public:
  Front(const PublicWorld& world, uint64_t seed, std::string socket);

  // Time passes: it notices what happened to its connection, makes a new one, sends its next batch.
  void Act();
  // The vault just sent something: takes it off the socket, so that no buffer is ever full.
  void Receive();
  // The vault just read something: there may be room for the rest of a batch.
  void Refill();
  // The vault's machine lost its current.
  void Cut() { connection_.Close(); }

  // What it was handed over, by index, and all heads.
  const std::map<int64_t, std::string>& entries() const { return entries_; }
  const std::vector<std::string>& heads() const { return heads_; }
  // Heads that were shown before they were cosigned, and hashes of the entries under them.
  const std::vector<std::string>& waiting_heads() const { return waiting_heads_; }
  const std::map<int64_t, Digest>& hashes() const { return hashes_; }
  // Exchanges that showed a head which waits, and heads that a quorum cosigned.
  int64_t waits() const { return waits_; }
  int64_t quorums() const { return quorums_; }
  // "": nothing that was handed over contradicts what was before.
  const std::string& contradiction() const { return contradiction_; }
  // All that was ever signed, by SHA-256 of the signature, as ADMIT names it.
  const std::map<Digest, Submission>& submissions() const { return submissions_; }
  const std::vector<Delivered>& delivered() const { return delivered_; }
  int64_t sent_submissions() const { return sent_submissions_; }

 private:
  void Take(const pipe::ToFrontFrame& frame);
  void TakePiece(const pipe::EntryPiece& piece);
  void TakeHashes(const pipe::PendingHashes& pending);
  // Some witnesses sign at once, some for the next batch, some not at all.
  void AskWitnesses(const std::string& note);
  // Its line for the newest waiting head is on its way.
  void Signed(int witness);

  // What of an entry a team needs to know to choose.
  void Learn(int64_t index, std::string_view bytes);

  void MakeBatch();
  // A choice of one of the team's submissions, of another's, or of none.
  void AddChoice(int team);
  void AddSubmission(const Submission& submission);
  Submission NewSubmission(int team);
  const Submission& OldSubmission();
  void Request(std::string text);
  void Frame(pipe::ToVaultType type, std::string payload);
  void Misbehave();

  const PublicWorld& world_;
  Random random_;
  std::string socket_;
  UniqueFd connection_;

  std::string incoming_;
  std::string partial_;  // of the entry that comes in pieces
  std::map<int64_t, std::string> entries_;
  std::vector<std::string> heads_;
  std::string head_;  // as far as it came
  std::vector<std::string> waiting_heads_;
  std::map<int64_t, Digest> hashes_;
  std::string newest_waiting_;        // of these heads
  std::set<int> signers_;             // who signed it
  std::map<int, std::string> late_;   // lines for the next batch, by witness
  int64_t cosigned_ = 0;              // size of the largest head with a quorum
  int64_t policy_index_ = INT64_MAX;  // of POLICY, once it was handed over
  int64_t waits_ = 0;
  int64_t quorums_ = 0;
  std::string contradiction_;

  std::vector<std::string> batch_;  // frames under construction
  std::string outgoing_;
  std::vector<Delivered::One> asked_;  // in the batch
  std::vector<Delivered> delivered_;
  bool whole_ = false;        // nothing was done to the batch
  bool sent_ = false;         // a batch of this exchange is under way
  bool hang_up_ = false;      // closes its side behind the batch
  int64_t leave_after_ = -1;  // frames of a hand-over that it still waits for

  // What the ledger says of a team, by its number, and the numbers of the world's teams.
  struct Known {
    std::vector<int64_t> admits;
    int64_t choices = 0;
  };
  std::map<int, Known> known_;
  std::map<int, int> numbers_;

  std::vector<Submission> made_;
  std::map<Digest, Submission> submissions_;
  std::set<int> joined_;  // teams that tried
  std::map<int, int> sent_of_team_;
  int64_t sent_submissions_ = 0;
};

}  // namespace pinhole::simulation
