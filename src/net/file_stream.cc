#include <algorithm>
#include <array>
#include <vector>

#include "core/check.h"
#include "engine/file_kernel.h"
#include "engine/operations/send_file.h"
#include "engine/operations/wait_ready.h"
#include "engine/regular_file.h"
#include "hotline/engine/disk_file.h"
#include "net/stream_state.h"

// The parts of a Stream that send files.

namespace hotline {
namespace {

using engine::Engine;

// What the kernel sends of a file before other fibers run: a fraction of a millisecond.
constexpr std::size_t kPartBytes = 1024 * 1024;

// Memory that a stream has while it sends what the kernel cannot send from the file.
constexpr std::size_t kCopiedBytes = net::LayerCodec::kEncodedMax;

/// Returns true if it is known that this thread would not wait for the disk, or may wait. The first
/// and the last byte stand for those between them: the kernel reads ahead, and forgets, in order.
bool is_at_hand(const DiskFile& file, std::uint64_t offset, std::size_t size) {
  Engine& engine = Engine::current();
  if (!engine.has_other_fibers()) return true;
  std::array<std::byte, 1> byte;
  return std::ranges::all_of(std::array{offset, offset + size - 1}, [&](std::uint64_t at) {
    const auto patience = engine::Patience::none;
    return engine.file_kernel().read_at(file.descriptor(), at, byte, patience) >= 0;
  });
}

Error ended_early(const DiskFile& file, std::uint64_t offset, std::uint64_t left) {
  return make_error(
      ErrorKind::truncated, "send", engine::shown_path(file.path()),
      "it ends at byte " + std::to_string(offset) + ", " + std::to_string(left) + " bytes early",
      "do not shorten a file while it is sent: rename a new one over it");
}

}  // namespace

Result<void> Stream::send_file(DiskFile& file, std::uint64_t offset, std::uint64_t size) {
  check_use(state_ != nullptr,
            "a Stream that was moved from sends a file: use the one that it was moved to");
  check_use(
      static_cast<bool>(file),
      "a DiskFile that was closed or moved from is sent: keep it open until send_file returns");
  if (size == 0) return {};
  if (auto sent = state_->send_file(file, offset, size); !sent) return sent;
  state_->note_written(State::Written::whole);
  return {};
}

Result<void> Stream::State::send_file(DiskFile& file, std::uint64_t offset, std::uint64_t size) {
  // A layer, and a tap, take the bytes themselves.
  bool is_direct = !layer && options.tap == nullptr;
  std::vector<std::byte> memory;
  while (size > 0) {
    note_written(Written::partly);
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, kPartBytes));
    std::size_t sent = 0;
    if (is_direct && is_at_hand(file, offset, part)) {
      const auto result = send_part(file, offset, part);
      if (!result) return fail(result.error());
      sent = *result;
      is_direct = sent > 0;
    }
    if (sent == 0) {
      memory.resize(std::min(part, kCopiedBytes));
      const auto result = copy_part(file, offset, size, memory);
      if (!result) return fail(result.error());
      sent = *result;
    }
    offset += sent;
    size -= sent;
  }
  return {};
}

/// Returns how many bytes were sent: 0 if they must be read, which says why if that fails too.
Result<std::size_t> Stream::State::send_part(DiskFile& file, std::uint64_t offset,
                                             std::size_t size) {
  engine::SendFile send(*channel, file.descriptor(), offset, size);
  const int result = perform_send(send, size);
  if (result == engine::SendFile::kCannot) return 0;
  if (result < 0) return fail(send_error(result));
  const auto sent = static_cast<std::size_t>(result);
  if (sent == 0 || sent == size) return sent;
  // Attempts without room would cost more than this, and then there is room for more.
  engine::WaitReady room(*channel, engine::Direction::write);
  const int waited = perform_send(room, size - sent);
  if (waited < 0) return fail(send_error(waited));
  return sent;
}

/// Sends the bytes at `offset`, at most `size` and as many as `memory` has room for, by reading
/// them. Returns how many.
Result<std::size_t> Stream::State::copy_part(DiskFile& file, std::uint64_t offset,
                                             std::uint64_t size, MutableBytes memory) {
  Engine& engine = Engine::current();
  const Instant began = engine.now();
  const auto read = file.read_at(offset, memory);
  write_deadline.postpone(engine.now() - began);
  if (!read) return fail(file_failure(read.error()));
  if (*read == 0) return fail(file_failure(ended_early(file, offset, size)));
  for (Bytes rest = memory.first(*read); !rest.empty();) {
    const auto sent = write_first(rest, net::LayerCodec::kEncodedMax);
    if (!sent) return fail(sent.error());
    rest = rest.subspan(*sent);
  }
  return *read;
}

/// What was to follow will never come.
Error Stream::State::file_failure(Error error) {
  note_cut_off();
  return note_end(std::move(error));
}

}  // namespace hotline
