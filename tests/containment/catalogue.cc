// What hostile programs try, by number. Numbers stay; a new attempt gets the next one.
#include "tests/containment/catalogue.h"

namespace pinhole::sandbox {
namespace {

constexpr Entry kEntries[] = {
    // The gate of system calls.
    {1, "numbers of the x32 table", "FilterTest.X32AndNumbersThatDoNotExistKill", ""},
    {2, "the 32-bit gate, int 0x80, from the first thread and from another",
     "FilterTest.AnotherArchitectureKillsEvenInARehearsal",
     "where the kernel has closed the gate (SIGSEGV for everybody) the rows show that alone"},
    {3, "a far jump into the 32-bit code segment", "", "as 2"},
    {4, "numbers that no call has, and garbage in the upper half",
     "FilterTest.EveryCallAsTheTableSays", ""},
    {5, "io_uring", "", ""},
    {6, "userfaultfd", "", ""},
    {7, "bpf", "", ""},
    {8, "perf events", "", ""},
    {9, "ptrace", "", ""},
    {10, "memory, descriptors and handles of other processes", "", ""},
    {11, "file handles", "", ""},
    {12, "kernel keyrings", "", ""},
    {13, "mounts, old interface and new", "", ""},
    {14, "namespaces, by unshare, setns, clone and clone3", "", ""},
    {15, "processes", "", ""},
    {16, "prctl and seccomp", "", ""},
    {17, "a second program", "", ""},
    {18, "memory files", "", ""},
    {19, "memory that is writable and executable, or at 0", "", ""},
    {20, "segments, ports, personalities", "", ""},
    {21, "futexes with priority inheritance", "FilterTest.EveryPairOfConditionsWhole", ""},
    {22, "ioctl", "", ""},
    {23, "fcntl beyond flags and copies", "", ""},
    {24, "splicing, the class of Dirty Pipe", "", ""},
    {25, "advice about memory of others", "", ""},
    {26, "limits", "", ""},
    {27, "priorities and cores", "", ""},
    {28, "a thread without the filter", "MutantsTest.EveryStepIsMissedWhenItIsOff",
     "the record of the box holds every thread's filter; the program has one thread when the "
     "filter "
     "is loaded"},
    {29, "a forged signal frame, a restarted call", "", ""},
    {30, "the vsyscall page", "", "where the kernel has none the program dies"},
    {31, "an empty filter, or one that cannot be loaded",
     "MutantsTest.NoProgramRunsInABoxMadeInPart", ""},

    // Files, mounts, identity.
    {32, "files of the host", "BoxTest.RootHoldsDataAndScratchAlone", ""},
    {33, "ways up and round", "", ""},
    {34, "the old root", "LifetimeTest.TheKernelSeesABoxWithoutPrivileges", ""},
    {35, "writing what is read-only; devices", "", ""},
    {36, "mounting again, writable", "", "there is no runtime image, so no mount below /data"},
    {37, "set-user-id programs", "",
     "nothing can be executed in a box; mounts are nosuid, and no-new-privileges holds besides"},
    {38, "mounts that pass between host and box", "PairsTest.MountsPassNeitherWay", ""},
    {39, "an output file that is a link, a pipe, a device", "",
     "there are no output files: predictions leave by one pipe"},
    {40, "an output file that changes between check and use", "", "as 39"},
    {41, "full, sparse, deep, oddly named scratch", "PairsTest.AFullScratchIsFullForOneAlone", ""},
    {42, "extended attributes, notification, nameless files", "", ""},
    {43, "other users, groups, capabilities", "LifetimeTest.TheKernelSeesABoxWithoutPrivileges",
     ""},
    {44, "two boxes with one user", "PairsTest.TheHostSeesTwoBoxesAlike",
     "the vault's configuration refuses two lanes of one user; Lane itself does not know the "
     "other"},
    {45, "files that are no programs",
     "ImagesTest.TheFaultIsTheFiles, BoxTest.WhatIsNoStaticProgramIsRefused, "
     "BoxTest.ATruncatedProgramNeitherHangsNorHarmsTheLane",
     "sizes above the contest's limit are refused at upload"},
    {46, "overwriting the launcher", "EnduranceTest.RandomCallsHarmNobody", ""},

    // Descriptors and messages.
    {47, "descriptors that somebody left open",
     "SecretsTest.NoKindOfLeakedDescriptorIsInherited, "
     "BoxTest.ADescriptorThatTheClientLeaksIsNotInherited, "
     "MutantsTest.ALeakedDescriptorHasTwoStepsToPass",
     ""},
    {48, "opening a descriptor again for writing", "", ""},
    {49, "passing descriptors out", "", ""},
    {50, "sockets of the host", "", ""},
    {51, "netlink", "", ""},
    {52, "sockets to the hypervisor", "", ""},
    {53, "the network, raw packets, the kernel's ciphers", "", ""},
    {54, "shared memory, semaphores, queues", "", ""},
    {55, "socket calls on pipes", "", ""},
    {56, "the position of a shared file", "", ""},
    {57, "flags of the output pipe", "", ""},
    {58, "closed, unread and half-written streams",
     "BoxTest.OutputOfACrashIsKept, BoxTest.ASinkThatFailsIsAnErrorAndTheLaneGoesOn", ""},
    {59, "signals to the launcher and others", "PairsTest.NoSignalReachesTheOther", ""},
    {60, "every way to end",
     "SecretsTest.EveryExitCodeIsReported, SecretsTest.NoSignalToItselfIsAnEnd, "
     "BoxTest.AbortEndsLikeACrash",
     ""},

    // Resources.
    {61, "bombs of processes and threads", "BoxTest.ThreadsUpToTheLimit", ""},
    {62, "bombs of memory, the kernel's included", "BoxTest.MemoryLimitIsCountedAndReported",
     "sockets and timers cannot be had"},
    {63, "stacks that overflow", "", ""},
    {64, "running, sleeping or waiting for ever",
     "BoxTest.TimeLimitsEndWhateverTheProgramDoes, MutantsTest.ALauncherWithoutAClockIsGivenUp",
     ""},
    {65, "deafness to signals, floods of them", "BoxTest.TimeLimitsEndWhateverTheProgramDoes", ""},
    {66, "a child that holds the output open", "", ""},
    {67, "orphans and zombies", "EnduranceTest.AThousandRunsLeaveEveryCountWhereItWas",
     "a box has one process"},
    {68, "the first process that is deaf to SIGTERM", "BoxTest.TimeLimitsEndWhateverTheProgramDoes",
     ""},
    {69, "floods of output", "BoxTest.OutputUpToTheLimit, BoxTest.OutputByBytesArrivesWhole",
     "what the bytes say is the scorer's matter (tests/unit/score)"},
    {70, "output by drops", "BoxTest.TimeLimitsEndWhateverTheProgramDoes", ""},
    {71, "input that is never read", "", "a model has no input but /data; the scorer's are files"},
    {72, "starving the server of the processor", "",
     "a matter of cores: one a lane, none of them the server's; a test of it would measure time"},
    {73, "floods of refused calls", "",
     "a killed box is a line in the kernel's log unless the machine is set otherwise; "
     "pinhole-vault doctor says so"},
    {74, "core dumps", "MutantsTest.EveryStepIsMissedWhenItIsOff",
     "the limit is 0 and the process belongs to root in /proc; the machine's dump handler is not "
     "changed for a test"},
    {75, "the server dies in a run",
     "LifetimeTest.ABoxDiesWithItsLauncher, LifetimeTest.ABoxDiesWithItsClient, "
     "MutantsTest.ABoxThatDoesNotDieWithItsLauncherIsSeen",
     ""},
    {76, "a lane after its launcher's death",
     "LifetimeTest.ABoxDiesWithItsLauncher, LifetimeTest.ALeftOverProcessInTheCgroupIsEnded, "
     "LifetimeTest.TwoLanesCannotHoldOneCgroup",
     ""},
    {77, "a thousand runs", "EnduranceTest.AThousandRunsLeaveEveryCountWhereItWas", ""},
    {78, "setting the clock", "",
     "limits use the monotonic clock; the machine's clock is not moved for a test"},
    {79, "a fault at every step into the box", "MutantsTest.NoProgramRunsInABoxMadeInPart", ""},

    // What can be learned.
    {80, "facts about the host", "BoxTest.IdentityIsConstant, PairsTest.TheHostSeesTwoBoxesAlike",
     "the kernel's release, the core and the processor's own instructions tell what they tell"},
    {81, "environment, arguments, auxiliary vector",
     "BoxTest.EnvironmentIsFixed, SecretsTest.TheAuxiliaryVectorIsConstant", ""},
    {82, "memory that others used",
     "SecretsTest.NoMemoryOfTheClientIsInABox, PairsTest.WhatARunLeavesTheNextDoesNotFind", ""},
    {83, "memory of others by file", "", ""},
    {84, "memory of the launcher by speculation", "SecretsTest.NoMemoryOfTheClientIsInABox",
     "the launcher never holds a row; the processor's own leaks are the kernel's to stop"},
    {85, "metadata of the data files", "",
     "number, device and times of /data's files are the data set's and the same for every box; "
     "free "
     "space is refused"},
    {86, "rows in messages of a crash", "BoxTest.StandardErrorIsKeptInARehearsalAlone", ""},
    {87, "the place of a crash", "ContainmentTest.EveryAttackSealed",
     "a private run's report is sealed evidence"},
    {88, "one layout for two runs", "SecretsTest.EveryRunHasALayoutOfItsOwn", ""},

    // Between two boxes.
    {89, "locks, leases, notification, uncached reads of a shared file",
     "PairsTest.ALockOfTheSharedFileIsNone, PairsTest.ALockOutsideOfABoxIsSeen, "
     "BoxTest.LocksOfTheViewNeitherWaitNorAreSeen",
     ""},
    {90, "what the run before left",
     "PairsTest.WhatARunLeavesTheNextDoesNotFind, BoxTest.ScratchIsNewEachTime", ""},
    {91, "which pages of a shared file are in memory", "",
     "asking is refused; the time of a page fault can be measured, and the bound on what leaves "
     "counts all submissions of a contest as one"},
    {92, "merged pages, and counters of the kernel",
     "PairsTest.ThreadsOfOneAreNotCountedToTheOther",
     "numbers of pipes and of memory file systems come from counters of the whole machine: "
     "accepted, "
     "as 91"},
    {93, "load of a shared core", "", "timing: accepted, as 91"},
    {94, "caches of the processor", "", "timing: accepted, as 91"},
    {95, "pressure on memory and quota", "",
     "timing: accepted, as 91; a lane has no quota to share"},
    {96, "space that both fill", "PairsTest.AFullScratchIsFullForOneAlone", ""},
    {97, "when a run begins", "", "timing: accepted, as 91; runs begin with their round"},

    // The proof itself.
    {105, "the record that the host's kernel keeps of a box",
     "LifetimeTest.TheKernelSeesABoxWithoutPrivileges, MutantsTest.EveryStepIsMissedWhenItIsOff, "
     "MutantsTest.ALaneWhoseBoxIsNotAsPromisedDoesNotStart",
     ""},
    {106, "a filter that is not the table",
     "FilterTest.EveryCallAsTheTableSays, FilterTest.EveryConditionOnBothSides, "
     "FilterTest.EveryPairOfConditionsWhole, FilterTest.AChainSaysWhatTheTreeSays",
     ""},
    {107, "a step that is off",
     "MutantsTest.EveryStepIsMissedWhenItIsOff, "
     "LauncherTest.NoStepCanBeSwitchedOff",
     ""},
    {108, "random calls", "EnduranceTest.RandomCallsHarmNobody",
     "PINHOLE_FUZZ_SECONDS makes it longer"},
};

}  // namespace

std::span<const Entry> Catalogue() { return kEntries; }

}  // namespace pinhole::sandbox
