#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// What a confined program may still do with what is at a path and below it.
enum class PathUse : std::uint8_t {
  read,    ///< Read files, and list directories.
  append,  ///< Make files and write to them, as a log does.
  remove,  ///< Remove what is not a directory, as a server does with the path of its socket.
  keep,    ///< All of these, and make, move and remove directories.
  device,  ///< Read a device that is there already, and nothing else.
};

/// A path that a confined program may use. A directory counts with everything below it. For
/// anything else but a device the directory that it is in counts, and the one that a link leads to:
/// what has that name may be replaced by another file, or be made later.
struct UsablePath {
  std::string path{};
  PathUse use = PathUse::read;

  friend bool operator==(const UsablePath&, const UsablePath&) = default;
};

/// What becomes of io_uring in a confined program.
enum class RingUse : bool { refused, allowed };

/// The walls around a program, which hold until it ends. A program that has been taken over by an
/// attacker is within them too.
struct Confinement {
  /// The version of Landlock that guards the file system, 2 or more; 0: nothing does. From 3 on
  /// files elsewhere cannot be truncated either; from 4 on TCP ports can neither be bound nor
  /// connected to; from 6 on there are no signals to other programs, and no connections to their
  /// abstract UNIX sockets.
  int landlock = 0;

  /// System calls that no service of files makes fail with EPERM, in all threads: to run a program,
  /// to trace one, to change users, owners, mounts, the kernel and the clock, to make links and
  /// devices.
  bool has_call_filter = false;

  /// Why a wall is missing or has a gap; empty if there is neither.
  std::string gap{};
};

/// Confines this program for ever: to `usable`, with Landlock, and to the system calls that a
/// service of files makes, with seccomp. What is open stays open, and is used as before. What the
/// kernel does not have is left out, and is the `gap`. If a path with PathUse::keep cannot be
/// opened, Landlock is left out; any other path that cannot be opened is skipped.
///
/// Landlock holds for the calling thread and those that it starts later. Threads that are running
/// already are a gap: call it before any other thread starts. It holds for io_uring too; the filter
/// of system calls does not, so that a ring can make links to files in `usable`. In a simulated
/// world it does nothing, and that is the `gap`. Blocks, but never for long.
Confinement confine_program(const std::vector<UsablePath>& usable, RingUse rings);

}  // namespace hotline
