// Writes ledgers that are each wrong in one thing, hashed and signed anew by the ledger's own key,
// owner and organizer: what is left to be found is the broken rule. mutated_ledgers FOLDER
//
// Prints a line for each: its folder, a tab, and what an audit has to say. "valid" ones come first.
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "server/core/base/bytes.h"
#include "server/core/log/entries.h"
#include "server/core/log/merkle.h"
#include "tests/integration/ledger/sample.h"

namespace pinhole {
namespace {

using contest::FinalRule;
using contest::ReleaseRule;
using Entries = std::vector<std::string>;

// The fields of an entry without its padding.
std::string Words(std::string_view entry) {
  return std::string(entry.substr(0, entry.find_last_not_of(" \n") + 1));
}
std::string Padded(std::string words) {
  const bool is_long = words.starts_with("DATASET") || words.starts_with("POLICY");
  words.resize(is_long ? 4095 : 511, ' ');
  return words + "\n";
}

std::string ValueOf(std::string_view entry, std::string_view key) {
  const std::string wanted = absl::StrFormat(" %s=", key);
  const size_t at = entry.find(wanted);
  if (at == std::string_view::npos) return "";
  const size_t begin = at + wanted.size();
  return std::string(entry.substr(begin, entry.find_first_of(" \n", begin) - begin));
}
std::string With(std::string_view entry, std::string_view key, std::string_view value) {
  const std::string old = absl::StrFormat(" %s=%s", key, ValueOf(entry, key));
  const std::string words = Words(entry);
  std::string changed = words;
  const size_t at = changed.find(old);
  changed.replace(at, old.size(), absl::StrFormat(" %s=%s", key, value));
  return Padded(changed);
}

// The place of the n-th entry of a type, from 0 on.
size_t Place(const Entries& entries, std::string_view type, int n) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (log::EntryType(entries[i]) == type && n-- == 0) return i;
  }
  std::fprintf(stderr, "no such %s\n", std::string(type).c_str());
  std::abort();
}

// Signs what owner and organizer would have signed of these words.
std::string SignedAnew(const std::string& entry, int acts) {
  const std::string words = Words(entry);
  const auto between = [&](std::string_view from, std::string_view to) {
    const size_t begin = words.find(from) + from.size();
    return words.substr(begin, words.find(to, begin) - begin);
  };
  const auto hex = [](const Signature& signature) { return HexEncode(signature); };
  if (words.starts_with("DATASET ")) {
    const std::string text =
        absl::StrFormat("pinhole dataset v1%s\n", between("round=0", " signature="));
    return With(entry, "signature", hex(testing::TestKey(2).Sign(text)));
  }
  if (words.starts_with("POLICY ")) {
    const std::string text =
        absl::StrFormat("pinhole policy v1 contest=%s%s\n", ValueOf(entry, "contest"),
                        between("round=0", " organizer_signature="));
    return With(With(entry, "organizer_signature", hex(testing::TestKey(1).Sign(text))),
                "owner_signature", hex(testing::TestKey(2).Sign(text)));
  }
  if (words.starts_with("ACT ") && ValueOf(entry, "act") != "stop") {
    const std::string text = absl::StrFormat(
        "pinhole act v1 contest=%s act=%s team=%s value=%s number=%d\n", ValueOf(entry, "contest"),
        ValueOf(entry, "act"), ValueOf(entry, "team"), ValueOf(entry, "value"), acts);
    return With(entry, "signature", hex(testing::TestKey(1).Sign(text)));
  }
  if (words.starts_with("CHOICE ")) {  // a team's first
    const std::string team = ValueOf(entry, "team");
    const std::string text =
        absl::StrFormat("pinhole choice v1 contest=%s team=%s admit=%s number=0\n",
                        ValueOf(entry, "contest"), team, ValueOf(entry, "admit"));
    const auto key = static_cast<uint8_t>(9 + team[0] - '0');
    return With(entry, "signature", hex(testing::TestKey(key).Sign(text)));
  }
  return entry;
}

// Every ROUND names the root before it again.
void HashAnew(Entries& entries) {
  MerkleFrontier tree;
  for (std::string& entry : entries) {
    if (log::EntryType(entry) == "ROUND")
      entry = With(entry, "root_before", HexEncode(tree.Root()));
    tree.Append(LeafHash(entry));
  }
}

struct Mutation {
  const char* name;
  const char* says;
  std::function<void(Entries&)> change;
};

// Sets a field of the n-th entry of a type, signed anew.
std::function<void(Entries&)> Set(std::string_view type, int n, std::string_view key,
                                  std::string value) {
  return [type, n, key, value = std::move(value)](Entries& entries) {
    std::string& entry = entries[Place(entries, type, n)];
    entry = SignedAnew(With(entry, key, value), n);
  };
}
std::function<void(Entries&)> Drop(std::string_view type, int n) {
  return [type, n](Entries& entries) {
    entries.erase(entries.begin() + static_cast<ptrdiff_t>(Place(entries, type, n)));
  };
}
std::function<void(Entries&)> Double(std::string_view type, int n) {
  return [type, n](Entries& entries) {
    const size_t at = Place(entries, type, n);
    entries.insert(entries.begin() + static_cast<ptrdiff_t>(at), std::string(entries[at]));
  };
}

// One START more, as the second one, before the n-th entry of a type.
std::function<void(Entries&)> RestartBefore(std::string_view type, int n) {
  return [type, n](Entries& entries) {
    const size_t at = Place(entries, type, n);
    const std::string start =
        With(entries[Place(entries, "START", 1)], "nonce", std::string(64, '7'));
    entries.insert(entries.begin() + static_cast<ptrdiff_t>(at),
                   With(start, "previous_size", absl::StrFormat("%d", at)));
  };
}
// So few bits for acts that the second START cannot be paid any more.
void MakeActsScarce(Entries& entries) {
  Set("POLICY", 0, "acts_bits", "25.000")(entries);
  Set("POLICY", 0, "contest_bits", "204.474")(entries);
}

std::vector<Mutation> OfImprovements() {
  return {
      {"start-forgets-size", "START must name the size", Set("START", 1, "previous_size", "3")},
      {"start-with-a-chain", "begins a chain", Set("START", 1, "blinding", std::string(64, '0'))},
      {"start-nonce-again", "nonce is never used again",
       [](Entries& e) {
         std::string& second = e[Place(e, "START", 1)];
         second = With(second, "nonce", ValueOf(e[0], "nonce"));
       }},
      {"start-for-free", "START costs what", Set("START", 1, "charge_bits", "0.000")},
      {"first-start-charged", "START costs what", Set("START", 0, "charge_bits", "6.340")},
      {"start-within-an-exchange", "between two rounds", RestartBefore("ROUND", 9)},
      {"start-before-close", "last round and its CLOSE", RestartBefore("FINAL", 1)},
      {"start-beyond-the-bits", "START costs what", MakeActsScarce},
      {"no-stop-after-unpaid-start", "nothing but a stop follows",
       [](Entries& e) {
         MakeActsScarce(e);
         Set("START", 1, "charge_bits", "0.000")(e);
       }},
      {"dataset-not-by-owner", "signed by its owner",
       [](Entries& e) {
         std::string& data = e[Place(e, "DATASET", 0)];
         data = With(data, "budget_bits", "9000.000");
       }},
      {"dataset-version", "begins with version 1", Set("DATASET", 0, "version", "2")},
      {"declassified-over-budget", "declassified values cost more",
       Set("DATASET", 0, "budget_bits", "95.999")},
      {"contest-over-budget", "the data set has", Set("DATASET", 0, "budget_bits", "200.000")},
      {"policy-not-by-owner", "signed by the data set's owner",
       [](Entries& e) {
         std::string& policy = e[Place(e, "POLICY", 0)];
         policy = With(policy, "owner_signature", ValueOf(policy, "organizer_signature"));
       }},
      {"team-count-smaller", "team_count must be",
       Set("POLICY", 0, "team_count", "7cbcd990fd8ff7e")},
      {"team-bits-smaller", "team_bits must be", Set("POLICY", 0, "team_bits", "58.962")},
      {"final-bits-smaller", "final_bits must be", Set("POLICY", 0, "final_bits", "2.584")},
      {"contest-bits-smaller", "contest_bits must be", Set("POLICY", 0, "contest_bits", "243.473")},
      {"more-tries-than-counted", "team_count must be", Set("POLICY", 0, "tries", "21")},
      {"another-deployment", "deployment class", Set("POLICY", 0, "deployment", "two-machine")},
      {"no-bits-for-a-stop", "contest_bits must be", Set("POLICY", 0, "acts_bits", "1.000")},
      {"team-number", "numbered in order", Set("TEAM", 1, "number", "3")},
      {"team-name-again", "name serves once", Set("TEAM", 1, "name", "ada")},
      {"team-key-again", "key belongs to one team",
       [](Entries& e) {
         std::string& second = e[Place(e, "TEAM", 1)];
         second = With(second, "key", ValueOf(e[Place(e, "TEAM", 0)], "key"));
       }},
      {"invitation-again", "invitation serves once",
       [](Entries& e) {
         std::string& second = e[Place(e, "TEAM", 1)];
         second = With(second, "invitation", ValueOf(e[Place(e, "TEAM", 0)], "invitation"));
       }},
      {"team-reserves-less", "reserves team_bits", Set("TEAM", 0, "reserved_bits", "1.000")},
      {"admit-another-round", "name the exchange it is in", Set("ADMIT", 0, "round", "9")},
      {"try-skipped", "tries are numbered", Set("ADMIT", 0, "try", "2")},
      {"runs-sooner", "follows from its place", Set("ADMIT", 1, "run_round", "4")},
      {"result-later", "released in the exchange after", Set("ADMIT", 1, "result_round", "9")},
      {"request-again", "request id serves once",
       [](Entries& e) {
         const std::string first = e[Place(e, "ADMIT", 0)];
         for (std::string& entry : e) {
           const bool same = log::EntryType(entry) == "ADMIT" && entry != first &&
                             ValueOf(entry, "team") == ValueOf(first, "team");
           if (same) entry = With(entry, "request_id", ValueOf(first, "request_id"));
         }
       }},
      {"program-too-large", "above the policy's limit", Set("ADMIT", 0, "size_class", "40")},
      {"team-that-is-not", "ADMIT must name a team", Set("ADMIT", 0, "team", "9")},
      {"result-dropped", "every ADMIT has its RESULT",
       [](Entries& e) {
         Drop("RESULT", 0)(e);
         Set("ROUND", 3, "released", "0")(e);
       }},
      {"result-doubled", "no RESULT but for an ADMIT", Double("RESULT", 0)},
      {"result-of-another-team", "name its ADMIT's team", Set("RESULT", 0, "team", "2")},
      {"symbol-with-old-text", "RESULT must state what its symbol leaves",
       Set("RESULT", 0, "symbol", "40")},
      {"text-of-another-level", "text must be its symbol's", Set("RESULT", 0, "text", "1.03")},
      {"charge-smaller", "charge is what the symbol takes",
       Set("RESULT", 0, "charge_bits", "0.001")},
      {"score-not-counted", "state what its symbol leaves", Set("RESULT", 0, "scores_left", "10")},
      {"try-not-counted", "state what its symbol leaves", Set("RESULT", 0, "tries_left", "20")},
      {"level-beyond-the-scale", "outside the scale", Set("RESULT", 0, "symbol", "53")},
      {"round-skipped", "ROUNDs have no gap", Drop("ROUND", 18)},
      {"round-doubled", "ROUNDs have no gap", Double("ROUND", 1)},
      {"round-miscounts", "count its ADMITs", Set("ROUND", 2, "admitted", "2")},
      {"round-miscounts-results", "count its RESULTs", Set("ROUND", 3, "released", "0")},
      {"shift-not-counted", "SHIFTs are counted", Set("SHIFT", 0, "count", "2")},
      {"shift-too-far", "over max_shift", Set("SHIFT", 0, "moved", "1001")},
      {"shift-for-free", "SHIFT costs what", Set("SHIFT", 0, "charge_bits", "0.000")},
      {"act-not-signed", "signed by the organizer",
       [](Entries& e) {
         std::string& act = e[Place(e, "ACT", 0)];
         act = With(act, "team", "2");
       }},
      {"act-for-free", "ACT costs what", Set("ACT", 0, "charge_bits", "0.000")},
      {"reinstated-who-stood", "reinstated after that alone", Set("ACT", 0, "act", "reinstate")},
      {"act-with-a-value", "only a lowered limit has a value", Set("ACT", 0, "value", "3")},
      {"limit-raised", "can only be lowered", Set("ACT", 2, "value", "20")},
      {"limit-lowered-twice-the-same", "can only be lowered", Set("ACT", 3, "value", "19")},
      {"limit-without-a-value", "can only be lowered", Set("ACT", 2, "value", "-")},
      {"limit-of-one-team", "lowered for all teams", Set("ACT", 2, "team", "1")},
      {"limit-for-free", "ACT costs what", Set("ACT", 4, "charge_bits", "0.000")},
      {"limit-not-kept", "state what its symbol leaves", Set("ACT", 4, "value", "7")},
      {"limit-of-tries-not-kept", "state what its symbol leaves", Set("ACT", 3, "value", "16")},
      {"choice-not-by-its-team", "signed by its team",
       [](Entries& e) {
         std::string& choice = e[Place(e, "CHOICE", 1)];
         choice = With(choice, "signature", ValueOf(e[Place(e, "CHOICE", 0)], "signature"));
       }},
      {"choice-of-another-team", "of its own",
       [](Entries& e) {
         const std::string admit = ValueOf(e[Place(e, "CHOICE", 1)], "admit");
         Set("CHOICE", 0, "admit", admit)(e);
       }},
      {"choice-of-no-submission", "of its own", Set("CHOICE", 0, "admit", "0")},
      {"choice-twice-an-exchange", "once an exchange", Double("CHOICE", 0)},
      {"choice-another-round", "name the exchange it is in", Set("CHOICE", 0, "round", "9")},
      {"choice-of-nothing", "another than the one before", Set("CHOICE", 1, "admit", "-")},
      {"final-dropped", "the whole final board", Drop("FINAL", 2)},
      {"final-place-skipped", "follow each other", Set("FINAL", 1, "place", "3")},
      {"final-another-submission", "that it chose, or its best", Set("FINAL", 0, "admit", "5")},
      {"final-for-free", "place costs what", Set("FINAL", 0, "charge_bits", "0.000")},
      {"final-with-a-level", "every-team alone", Set("FINAL", 0, "level", "3")},
      {"close-states-less", "CLOSE must state what left", Set("CLOSE", 0, "used_bits", "0.000")},
      {"close-dropped-then-round", "contest \"demo\" is not open", Double("CLOSE", 0)},
      {"padding-says-something", "malformed",
       [](Entries& e) { e[Place(e, "ROUND", 1)][505] = 'x'; }},
      {"a-number-spelled-twice", "is not an integer", Set("SHIFT", 0, "moved", "02")},
      {"another-length", "another length",
       [](Entries& e) {
         std::string& entry = e[Place(e, "RESULT", 1)];
         entry.pop_back();
         entry.resize(4095, ' ');
         entry += "\n";
       }},
  };
}

std::vector<Mutation> OfRecords() {
  return {
      {"records-shared-count-smaller", "shared_count must be",
       Set("POLICY", 0, "shared_count", "1")},
      {"records-shared-bits-smaller", "shared_bits must be",
       Set("POLICY", 0, "shared_bits", "0.000")},
      {"records-not-shared", "state what its symbol leaves", Set("RESULT", 1, "levels_left", "51")},
      {"records-cheap", "charge is what the symbol takes",
       Set("RESULT", 1, "charge_bits", "0.000")},
      {"every-team-without-level", "every-team alone", Set("FINAL", 0, "level", "-")},
      {"every-team-text", "text must be its level's", Set("FINAL", 0, "text", "WORSE")},
  };
}

std::vector<Mutation> OfEveryScore() {
  return {
      {"every-score-says-not-improved", "every-score shows a level or FAILED",
       Set("RESULT", 0, "symbol", "0")},
      {"every-score-two-winners", "no more places",
       [](Entries& e) {
         Double("FINAL", 0)(e);
         Set("FINAL", 1, "place", "2")(e);
       }},
  };
}

// A START that cannot be paid, and the stop that must follow.
Entries StoppedAtAStart() {
  contest::Policy policy = testing::DemoPolicy();
  policy.release.acts_thousandths = 15'000;
  testing::LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(policy);
  ledger.Join("ada");
  ledger.Admit("ada", 3);
  ledger.EndRound();
  ledger.Start(9);
  ledger.Close();
  return ledger.entries();
}

// Three witnesses, of whom two must cosign.
std::vector<Mutation> OfWitnesses() {
  return {
      {"quorum-of-half", "more than half", Set("POLICY", 0, "quorum", "1")},
      {"a-witness-twice", "one name or one key",
       [](Entries& e) {
         const std::string one = testing::TestWitness(1).verifier().ToVkey();
         Set("POLICY", 0, "witnesses", one + "," + one)(e);
       }},
      {"no-witness-for-a-quorum", "names nobody", Set("POLICY", 0, "witnesses", "-")},
      {"another-chain", "next of the chain", Set("POLICY", 0, "blinding", std::string(64, '0'))},
      {"blinding-of-the-last-round", "next of the chain",
       [](Entries& e) {
         std::string& second = e[Place(e, "ROUND", 1)];
         second = With(second, "blinding", ValueOf(e[Place(e, "ROUND", 0)], "blinding"));
       }},
      {"start-without-a-chain", "begins a chain", Set("START", 1, "blinding", "-")},
      {"start-of-another-chain", "next of the chain",
       Set("START", 1, "blinding", std::string(64, '0'))},
      {"blinding-withheld", "shows its blinding", Set("ROUND", 4, "blinding", "-")},
      {"result-not-blinded", "has a blind", Set("RESULT", 0, "blind", "-")},
      {"result-with-a-blind-of-its-own", "blind is that of its ROUND",
       Set("RESULT", 1, "blind", std::string(64, 'a'))},
      {"final-blind-of-another-place", "blind of the last ROUND",
       [](Entries& e) {
         std::string& first = e[Place(e, "FINAL", 0)];
         first = With(first, "blind", ValueOf(e[Place(e, "FINAL", 1)], "blind"));
       }},
      {"close-not-blinded", "blind of the last ROUND", Set("CLOSE", 0, "blind", "-")},
  };
}

int Main(const std::string& folder) {
  std::vector<int> cosigners;
  const auto write = [&](const Entries& entries, const std::string& name, const char* says) {
    const absl::Status done = testing::WriteStaticFiles(entries, folder + "/" + name, cosigners);
    if (!done.ok()) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), std::string(done.message()).c_str());
      std::exit(1);
    }
    std::printf("%s\t%s\n", name.c_str(), says);
  };
  const struct {
    ReleaseRule rule;
    FinalRule final_rule;
    std::vector<Mutation> mutations;
    int witnesses = 0;
  } sets[] = {{ReleaseRule::kImprovements, FinalRule::kTop3, OfImprovements()},
              {ReleaseRule::kRecords, FinalRule::kEveryTeam, OfRecords()},
              {ReleaseRule::kEveryScore, FinalRule::kWinner, OfEveryScore()},
              {ReleaseRule::kImprovements, FinalRule::kTop3, OfWitnesses(), 3}};
  write(StoppedAtAStart(), "valid-stopped-at-a-start", "");
  for (const auto& set : sets) {
    const Entries valid =
        testing::SampleLedger(set.rule, set.final_rule, 20, set.witnesses).entries();
    if (set.witnesses > 0) {
      write(valid, "cosigned-by-nobody", "0 of 3 witnesses cosigned");
      cosigners = {3};
      write(valid, "cosigned-by-one", "1 of 3 witnesses cosigned");
      cosigners = {3, 3};
      write(valid, "cosigned-by-one-twice", "1 of 3 witnesses cosigned");
      cosigners = {4, 5, 1};
      write(valid, "cosigned-by-strangers", "1 of 3 witnesses cosigned");
      cosigners = {3, 1};
    }
    write(valid, absl::StrFormat("valid-%s-%d", contest::Name(set.rule), set.witnesses), "");
    for (const Mutation& mutation : set.mutations) {
      Entries entries = valid;
      mutation.change(entries);
      HashAnew(entries);
      if (entries == valid) {
        std::fprintf(stderr, "%s changes nothing\n", mutation.name);
        return 1;
      }
      write(entries, mutation.name, mutation.says);
    }
  }
  return 0;
}

}  // namespace
}  // namespace pinhole

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: mutated_ledgers FOLDER\n");
    return 2;
  }
  return pinhole::Main(argv[1]);
}
