// The probe as bytes: one ELF header, one segment, six instructions. It makes the one call that
// every profile allows.
#include "sandbox/launcher/probe.h"

#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinhole::sandbox::launcher {
namespace {

// Newer than the C library's headers.
constexpr unsigned kMemfdExec = 0x10;  // MFD_EXEC, Linux 6.3
constexpr int kSealExec = 0x20;        // F_SEAL_EXEC, Linux 6.3

constexpr uint64_t kBase = 0x400000;
constexpr uint64_t kPage = 4096;

struct Image {
  Elf64_Ehdr head;
  Elf64_Phdr segments[2];
  uint8_t code[24];
};

constexpr Image kImage = {
    .head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
             .e_type = ET_EXEC,
             .e_machine = EM_X86_64,
             .e_version = EV_CURRENT,
             .e_entry = kBase + sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr),
             .e_phoff = sizeof(Elf64_Ehdr),
             .e_ehsize = sizeof(Elf64_Ehdr),
             .e_phentsize = sizeof(Elf64_Phdr),
             .e_phnum = 2},
    .segments = {{.p_type = PT_LOAD,
                  .p_flags = PF_R | PF_X,
                  .p_vaddr = kBase,
                  .p_filesz = sizeof(Image),
                  .p_memsz = sizeof(Image),
                  .p_align = kPage},
                 {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}},
    .code =
        {
            0xb8, 1,    0,    0,    0,  // again: mov eax, 1 (write)
            0xbf, 1,    0,    0,    0,  //        mov edi, 1 (standard output)
            0xbe, 0,    0,    0x40, 0,  //        mov esi, kBase
            0xba, 0,    0x10, 0,    0,  //        mov edx, kPage
            0x0f, 0x05,                 //        syscall
            0xeb, 0xe8,                 //        jmp again
        },
};

}  // namespace

int MakeProbe() {
  int image = memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMemfdExec);
  if (image < 0) image = memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (image < 0) return -1;
  const bool written = write(image, &kImage, sizeof kImage) == ssize_t{sizeof kImage};
  const bool closed = written && fchmod(image, 0111) == 0;
  // As for the client's images: kernels before 6.3 cannot seal the mode.
  if (closed) fcntl(image, F_ADD_SEALS, kSealExec);
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (closed && fcntl(image, F_ADD_SEALS, kSeals) == 0) return image;
  close(image);
  return -1;
}

}  // namespace pinhole::sandbox::launcher
