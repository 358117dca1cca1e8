// The cheapest io_uring server: multishot accept and receive, replies sent from the buffer the
// bytes came in, one enter a turn.

#include <cerrno>
#include <vector>

#include "hot_buffers.h"
#include "listening.h"
#include "upper_ascii.h"

namespace floors {
namespace {

constexpr unsigned kSubmissions = 1024;
constexpr unsigned kCompletions = 16384;
// Sends go out while their bytes are still in the second-level cache.
constexpr std::size_t kDueBytesMax = 256 * 1024;

enum class Kind : std::uint8_t { kAccept, kReceive, kSend, kClose };

struct Tag {
  Kind kind;
  std::uint16_t buffer;
  int fd;

  std::uint64_t packed() const {
    return static_cast<std::uint64_t>(kind) << 56 | static_cast<std::uint64_t>(buffer) << 32 |
           static_cast<std::uint32_t>(fd);
  }
  static Tag unpacked(std::uint64_t data) {
    return {static_cast<Kind>(data >> 56), static_cast<std::uint16_t>(data >> 32),
            static_cast<int>(static_cast<std::uint32_t>(data))};
  }
};

// The outstanding replies of a connection, oldest first, chained through the buffers; the first is
// the one that is being sent.
struct Connection {
  std::uint16_t first = kNoBuffer;
  std::uint16_t last = kNoBuffer;
  bool ended = false;
};

io_uring open_ring() {
  io_uring ring{};
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
                     IORING_SETUP_DEFER_TASKRUN;
  parameters.cq_entries = kCompletions;
  errno = -io_uring_queue_init_params(kSubmissions, &ring, &parameters);
  if (errno != 0) die("io_uring_queue_init");
  if (io_uring_register_ring_fd(&ring) != 1) die("io_uring_register_ring_fd");
  return ring;
}

class UringServer {
 public:
  explicit UringServer(int listener) : listener_(listener) { arm_accept(); }

  [[noreturn]] void run() {
    while (true) {
      const int result = io_uring_submit_and_wait(&ring_, 1);
      if (result < 0 && result != -EINTR && result != -EAGAIN) die("io_uring_enter");
      due_bytes_ = 0;
      drain();
      buffers_.refill();
      rearm_starved();
    }
  }

 private:
  void drain() {
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      dispatch(*completion);
      ++count;
    }
    io_uring_cq_advance(&ring_, count);
  }

  void dispatch(const io_uring_cqe& completion) {
    const Tag tag = Tag::unpacked(completion.user_data);
    switch (tag.kind) {
      case Kind::kAccept: return accepted(completion);
      case Kind::kReceive: return received(tag.fd, completion);
      case Kind::kSend: return sent(tag, completion.res);
      case Kind::kClose: return;
    }
  }

  io_uring_sqe* submission(Tag tag) {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    if (entry == nullptr) {
      io_uring_submit(&ring_);
      entry = io_uring_get_sqe(&ring_);
    }
    if (entry == nullptr) die("io_uring_get_sqe");
    // The prepare functions leave user_data alone.
    entry->user_data = tag.packed();
    return entry;
  }

  void arm_accept() {
    io_uring_sqe* entry = submission({Kind::kAccept, 0, listener_});
    io_uring_prep_multishot_accept(entry, listener_, nullptr, nullptr, SOCK_CLOEXEC);
  }

  void arm_receive(int fd) {
    io_uring_sqe* entry = submission({Kind::kReceive, 0, fd});
    io_uring_prep_recv_multishot(entry, fd, nullptr, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = HotBuffers::kGroup;
  }

  void accepted(const io_uring_cqe& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) arm_accept();
    if (completion.res < 0) return;
    const auto index = static_cast<std::size_t>(completion.res);
    if (index >= connections_.size()) connections_.resize(index + 1);
    connections_[index] = Connection{};
    arm_receive(completion.res);
  }

  void received(int fd, const io_uring_cqe& completion) {
    if (completion.res == -ENOBUFS) return starved_.push_back(fd);
    Connection& connection = connections_[static_cast<std::size_t>(fd)];
    if (completion.res > 0) {
      const auto size = static_cast<std::size_t>(completion.res);
      const auto buffer = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
      buffers_.take(buffer, size);
      upper_ascii(buffers_.data(buffer), size);
      reply(fd, connection, buffer);
    }
    if ((completion.flags & IORING_CQE_F_MORE) != 0) return;
    if (completion.res > 0) return arm_receive(fd);
    connection.ended = true;
    if (connection.first == kNoBuffer) hang_up(fd);
  }

  void reply(int fd, Connection& connection, std::uint16_t buffer) {
    if (connection.first != kNoBuffer) {
      buffers_.chain(connection.last, buffer);
      connection.last = buffer;
      return;
    }
    connection.first = connection.last = buffer;
    send_first(fd, connection);
  }

  void send_first(int fd, const Connection& connection) {
    const std::uint16_t buffer = connection.first;
    const std::size_t size = buffers_.size(buffer);
    io_uring_sqe* entry = submission({Kind::kSend, buffer, fd});
    io_uring_prep_send(entry, fd, buffers_.data(buffer), size, MSG_WAITALL | MSG_NOSIGNAL);
    due_bytes_ += size;
    if (due_bytes_ < kDueBytesMax) return;
    due_bytes_ = 0;
    io_uring_submit(&ring_);
  }

  void sent(Tag tag, int result) {
    Connection& connection = connections_[static_cast<std::size_t>(tag.fd)];
    const bool whole = result == static_cast<int>(buffers_.size(tag.buffer));
    connection.first = buffers_.next(tag.buffer);
    buffers_.give_back(tag.buffer);
    if (!whole) abandon(tag.fd, connection);
    if (connection.first != kNoBuffer) return send_first(tag.fd, connection);
    if (connection.ended) hang_up(tag.fd);
  }

  // The peer has gone: its replies are dropped, and the multishot receive is ended.
  void abandon(int fd, Connection& connection) {
    while (connection.first != kNoBuffer) {
      const std::uint16_t next = buffers_.next(connection.first);
      buffers_.give_back(connection.first);
      connection.first = next;
    }
    shutdown(fd, SHUT_RDWR);
  }

  void hang_up(int fd) { io_uring_prep_close(submission({Kind::kClose, 0, fd}), fd); }

  void rearm_starved() {
    if (starved_.empty() || !buffers_.plenty()) return;
    for (const int fd : starved_) arm_receive(fd);
    starved_.clear();
  }

  int listener_;
  io_uring ring_ = open_ring();
  HotBuffers buffers_{ring_};
  std::vector<Connection> connections_;
  std::vector<int> starved_;
  std::size_t due_bytes_ = 0;
};

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  floors::raise_descriptor_limit();
  const int listener = floors::listen_tcp(floors::port_option(argc, argv), 0);
  floors::UringServer(listener).run();
}
