#include "tests/redteam/catalogue.h"

#include "absl/strings/str_format.h"

namespace pinhole::redteam {

const std::vector<Entry>& Catalogue() {
  static const std::vector<Entry> all = {
      {"A1", "rows in the score", "open channel, guess tests; levels before a mute gate",
       "Counting.ImprovementsEqualEnumeration, test_every_score_carries_what_is_declared, "
       "test_improvements_carry_what_is_declared",
       "it cannot be stopped, only counted; the planter gave every scored row one label, so that "
       "constants reach every level"},
      {"A2", "kinds of failure", "yes",
       "Operations.TheLogIsTheSameHoweverAPrivateRunWent, Simulation.EverySeedKeepsEveryProperty",
       ""},
      {"A3", "crash or none, seen in another way", "yes",
       "Fold.RefusesEveryEntryLeftOutOrDoubled, Crash.LosesNothingAndDoesNothingTwice, "
       "Simulation.EverySeedKeepsEveryProperty",
       "the crash here is a missing answer; real processes that die are in the tests named"},
      {"A4", "error texts", "",
       "Scorer.AnswersEightBytesToEveryOutput, HostileScorer.YieldsOnlyAFailure, "
       "BoxTest.StandardErrorIsKeptInARehearsalAlone",
       "no secrets were searched for in all that leaves a machine"},
      {"A5", "time of the result", "in the ledger and by the clock's grid",
       "Vault.ReleasesOneSymbolForEachAdmissionInItsRound, Simulation.EverySeedKeepsEveryProperty",
       "the clock is injected; in the simulation the server's own loop keeps it, and times are "
       "compared there; 20,000 crossings timed from outside are not measured"},
      {"A6", "delay of others", "in the ledger and by the clock's grid",
       "Queue.GivesRoundsByPlaceAlone, Simulation.EverySeedKeepsEveryProperty", "as A5"},
      {"A7", "answers to requests", "yes", "RestartTest.AnswersTheSameWithoutAVault",
       "the secret decides how runs go; two imported data sets are not compared"},
      {"A8", "using up the machine", "",
       "LimitsTest.EachIsReachedOnTheMachinesGroups, LimitsTest.WantOfMemoryEndsItsOwnTreeAlone, "
       "DiskFull.RoomTakenAtAdmissionIsThereForTheRun",
       "how fast the front answers meanwhile: A24"},
      {"A9", "teams together", "open channel: records, three teams with one secret",
       "RecordsTest.NoSequencesBeyondTheBound", ""},
      {"A10", "public and final score", "open channel: an encoder that drives both",
       "FinalBoard.LeavesNoTraceBeforeTheEnd, "
       "FinalBoardTest.ChargesCoverEveryBoardAndStayWithinTheReservation",
       ""},
      {"A11", "several metrics", "", "ContestFile.HasOneMetricOfOneKnownName",
       "a policy has one metric, so there is nothing to play"},
      {"A12", "duplicates", "yes",
       "RunStore.KnowsAgainWhatRunsItHas, RequestsTest.TheSameSubmissionAgainIsTheSameSubmission",
       "there is no mode with noise"},
      {"A13", "state between runs", "",
       "PairsTest.WhatARunLeavesTheNextDoesNotFind, BoxTest.ScratchIsNewEachTime",
       "caches and predictors of the processor"},
      {"A14", "scoring again", "yes", "Level.OnceCommittedIsFinal",
       "there is no act that scores again"},
      {"A15", "order of ties", "yes", "", ""},
      {"A16", "the balance shown", "yes",
       "Counting.ChargesTelescopeAndAreNeverNegative, "
       "PlainFold.AgreesWithTheFastOneOverRandomLedgers",
       ""},
      {"A17", "floating point", "",
       "ExactScoring.AnyOrderOfRowsGivesTheSame, ExactScoring.EveryFormatGivesTheSame", ""},
      {"A18", "spelling of numbers", "yes",
       "Entries.HaveOneSpellingWhateverByteIsChangedDroppedOrDoubled",
       "the ledger's bytes; frames of gRPC were not captured"},
      {"A19", "number and length of entries", "yes",
       "Checkpoint.SignsTheSameBytesAsOtherImplementations", ""},
      {"A20", "metrics, health, logs, backups", "",
       "Operations.TheLogIsTheSameHoweverAPrivateRunWent, test_only_commands_print, "
       "RecordingTest.EveryChangedByteIsFound, test_found_in_truth_alone",
       "no capture of a whole network"},
      {"A21", "versions of the data set", "", "Ledger.VersionsOfADataSetShareOneBudget", ""},
      {"A22", "the winner's model", "with real processes: what runs wrote, looked for on the pipe",
       "RealRedTeam.WhatRunsWroteAndHowTheyEndedIsNotOnThePipe, "
       "RecordingTest.EveryChangedByteIsFound",
       "looked for as it was written, not in another spelling"},
      {"A23", "another output on the machine", "",
       "Operations.ASecondVaultOnTheMachineIsRefused, CommandTest.NothingIsRehearsedBesideAVault, "
       "MachineLock.IsFreeUntilSomebodyHoldsItAndAfterwards",
       "other programs and virtual machines are not seen; what a neighbour feels: A24"},
      {"A24", "how fast the front answers", "with real processes, below",
       "RealRedTeam.ANeighbourOnTheSameCoreFeelsARun, "
       "RealRedTeam.WhatRunsWroteAndHowTheyEndedIsNotOnThePipe",
       "two machines are one here: what is at the pipe's other end, not a front's answers over a "
       "network; on one machine no bound is promised"},
      {"A25", "order of completion", "yes",
       "Order.OfCompletionChangesNoByte, Simulation.EverySeedKeepsEveryProperty", ""},
      {"A26", "another draw", "yes",
       "Crash.AtRandomMomentsLosesNothing, Simulation.EverySeedKeepsEveryProperty",
       "that a vault died is seen, by START and SHIFT, which are charged, and is not in what the "
       "decoder looks at; a "
       "death before the level is committed gives another draw"},
  };
  return all;
}

std::string CatalogueText() {
  std::string text =
      "| attack | what | measured here | further tests | not shown |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const Entry& entry : Catalogue()) {
    text += absl::StrFormat("| %s | %s | %s | %s | %s |\n", entry.number, entry.what,
                            entry.measured[0] == '\0' ? "no" : entry.measured,
                            entry.tests[0] == '\0' ? "–" : entry.tests, entry.open);
  }
  return text;
}

}  // namespace pinhole::redteam
