// Linked into a program that contains the C library as well: see whole_program.cmake.

#include <elf.h>
#include <netdb.h>
#include <nss.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <cstddef>

extern "C" {

/// Where the program begins in memory.
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/// Has the system make the program's own pages for all that it writes, before it relocates itself:
/// one call for more than a hundred pages, each of which would otherwise be a page fault. It is
/// called before anything works: no relocated address, no thread-local variable and no function of
/// a library may be used here. If the call fails, the pages are made one by one as ever.
__attribute__((used, visibility("hidden"))) void hotline_make_pages() {
  constexpr unsigned long kPage = 4096;
  constexpr unsigned long kPopulateWrite = 23;
  const auto program = reinterpret_cast<unsigned long>(&__ehdr_start);
  const auto* segment = reinterpret_cast<const Elf64_Phdr*>(program + __ehdr_start.e_phoff);
  for (int i = 0; i < __ehdr_start.e_phnum; ++i, ++segment) {
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) == 0) continue;
    const unsigned long at = program + segment->p_vaddr;
    const unsigned long begin = at & ~(kPage - 1);
    const unsigned long size = (at + segment->p_memsz + kPage - 1 - begin) & ~(kPage - 1);
    unsigned long result = SYS_madvise;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(begin), "S"(size), "d"(kPopulateWrite)
                 : "rcx", "r11", "memory");
  }
}

}  // extern "C"

// The program begins here. The stack pointer and %rdx are what _start is to find.
asm(R"(
  .text
  .globl hotline_begin
  .hidden hotline_begin
  .type hotline_begin, @function
hotline_begin:
  endbr64
  push %rdx
  sub $8, %rsp
  call hotline_make_pages
  add $8, %rsp
  pop %rdx
  jmp _start
  .size hotline_begin, . - hotline_begin
)");

namespace {

/// Other sources of names are shared libraries, which fit only the C library of the very same
/// version that is shared.
void choose_sources() {
  static const bool kAreChosen = [] {
    ::__nss_configure_lookup("hosts", "files dns");
    ::__nss_configure_lookup("passwd", "files");
    return true;
  }();
  static_cast<void>(kAreChosen);
}

}  // namespace

// The linker puts these in place of those that they call: see whole_program.cmake.
extern "C" {

decltype(getaddrinfo) __real_getaddrinfo, __wrap_getaddrinfo;
decltype(getpwuid_r) __real_getpwuid_r, __wrap_getpwuid_r;

int __wrap_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                       addrinfo** found) {
  choose_sources();
  return __real_getaddrinfo(name, service, hints, found);
}

int __wrap_getpwuid_r(uid_t user, passwd* into, char* memory, std::size_t size, passwd** found) {
  choose_sources();
  return __real_getpwuid_r(user, into, memory, size, found);
}

}  // extern "C"
