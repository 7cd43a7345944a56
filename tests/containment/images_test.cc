// Programs that are no programs: whatever the file is, the fault is the file's, the lane lives, and
// nothing but the kernel reads it.
#include <elf.h>
#include <signal.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/containment/cases.h"
#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

constexpr uint64_t kBase = 0x400000;
constexpr size_t kPage = 4096;

// A program of one page that exits with 0, to be bent by a case.
struct Image {
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> segments;
  std::string rest;  // after the headers

  Image() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_entry = kBase + kCodeOffset;
    Elf64_Phdr code{};
    code.p_type = PT_LOAD;
    code.p_flags = PF_R | PF_X;
    code.p_vaddr = kBase;
    code.p_filesz = code.p_memsz = kPage;
    code.p_align = kPage;
    segments.push_back(code);
  }

  void Interpreter(const std::string& path) {
    Elf64_Phdr segment{};
    segment.p_type = PT_INTERP;
    segment.p_offset = kTextOffset;
    segment.p_filesz = path.size();
    segments.push_back(segment);
    rest = path;
  }

  std::string Bytes() const {
    Elf64_Ehdr first = header;
    if (first.e_phnum == 0) first.e_phnum = static_cast<Elf64_Half>(segments.size());
    std::string bytes(reinterpret_cast<const char*>(&first), sizeof first);
    for (const Elf64_Phdr& segment : segments) {
      bytes.append(reinterpret_cast<const char*>(&segment), sizeof segment);
    }
    bytes.resize(kPage, '\0');
    bytes.replace(kTextOffset, rest.size(), rest);
    const std::string code("\x31\xff\xb8\xe7\0\0\0\x0f\x05", 9);  // exit_group(0)
    bytes.replace(kCodeOffset, code.size(), code);
    return bytes;
  }

  static constexpr size_t kTextOffset = 1024;
  static constexpr size_t kCodeOffset = 2048;
};

enum class Fate { kRuns, kRefused, kCrashes };

struct ImageCase {
  const char* name;
  void (*bend)(Image&);
  Fate fate;
};

const ImageCase kCases[] = {
    {"as it is", [](Image&) {}, Fate::kRuns},
    {"interpreter that is not there",
     [](Image& image) { image.Interpreter(std::string("/lib/ld.so\0", 11)); }, Fate::kRefused},
    {"interpreter in the view",
     [](Image& image) { image.Interpreter(std::string("/data/program\0", 14)); }, Fate::kRefused},
    {"interpreter that is a folder",
     [](Image& image) { image.Interpreter(std::string("/data\0", 6)); }, Fate::kRefused},
    {"interpreter below a file",
     [](Image& image) { image.Interpreter(std::string("/data/program/x\0", 16)); }, Fate::kRefused},
    {"interpreter without a name", [](Image& image) { image.Interpreter(std::string("\0", 1)); },
     Fate::kRefused},
    {"interpreter without an end", [](Image& image) { image.Interpreter("/data/program"); },
     Fate::kRefused},
    {"interpreter with a very long name",
     [](Image& image) {
       image.Interpreter("/");
       image.segments[1].p_filesz = 5000;
     },
     Fate::kRefused},
    {"interpreter outside of the file",
     [](Image& image) {
       image.Interpreter("/");
       image.segments[1].p_offset = uint64_t{1} << 40;
       image.segments[1].p_filesz = 10;
     },
     Fate::kRefused},
    {"at address 0",
     [](Image& image) {
       image.segments[0].p_vaddr = 0;
       image.header.e_entry = Image::kCodeOffset;
     },
     Fate::kCrashes},
    {"in the kernel's half",
     [](Image& image) { image.segments[0].p_vaddr = uint64_t{0xffff8000} << 32; }, Fate::kCrashes},
    {"larger than all memory", [](Image& image) { image.segments[0].p_memsz = uint64_t{1} << 60; },
     Fate::kCrashes},
    {"more in the file than in memory", [](Image& image) { image.segments[0].p_memsz = 16; },
     Fate::kCrashes},
    {"overlapping segments", [](Image& image) { image.segments.push_back(image.segments[0]); },
     Fate::kRuns},
    {"no segments", [](Image& image) { image.segments[0].p_type = PT_NULL; }, Fate::kCrashes},
    {"headers outside of the file", [](Image& image) { image.header.e_phoff = uint64_t{1} << 40; },
     Fate::kRefused},
    {"more headers than a file can hold", [](Image& image) { image.header.e_phnum = 0xffff; },
     Fate::kRefused},
    {"headers of another size", [](Image& image) { image.header.e_phentsize = 7; }, Fate::kRefused},
    {"section headers that are none",
     [](Image& image) {
       image.header.e_shoff = ~uint64_t{0};
       image.header.e_shnum = 0xffff;
       image.header.e_shstrndx = 0xffff;
     },
     Fate::kRuns},
    {"an object file", [](Image& image) { image.header.e_type = ET_REL; }, Fate::kRefused},
    {"a core file", [](Image& image) { image.header.e_type = ET_CORE; }, Fate::kRefused},
};

class ImagesTest : public LaneTest {};

TEST_F(ImagesTest, TheFaultIsTheFiles) {
  for (const ImageCase& test : kCases) {
    Image image;
    test.bend(image);
    absl::StatusOr<Seen> seen = RunProgram(SharedLane(), image.Bytes(), SmallBox());
    ASSERT_TRUE(seen.ok()) << test.name << ": " << seen.status();
    const BoxReport& report = seen->report;
    const Outcome wanted = test.fate == Fate::kRuns      ? Outcome::kExited
                           : test.fate == Fate::kRefused ? Outcome::kNotExecutable
                                                         : Outcome::kSignaled;
    EXPECT_EQ(OutcomeName(report.outcome), OutcomeName(wanted))
        << test.name << ": " << report.setup << " signal " << report.signal << " exit "
        << report.exit_code;
  }
}

}  // namespace
}  // namespace pinhole::sandbox
