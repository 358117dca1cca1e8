#include "engine/simulated/plain_nodes.h"

#include <sys/signalfd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotline::engine {

int CounterNode::read(MutableBytes into) {
  if (into.size() < sizeof count_) return -EINVAL;
  if (count_ == 0) return -EAGAIN;
  --count_;
  const std::uint64_t one = 1;
  std::memcpy(into.data(), &one, sizeof one);
  return sizeof one;
}

void CounterNode::add() {
  ++count_;
  notify(Direction::read);
}

int SignalNode::read(MutableBytes into) {
  signalfd_siginfo info{};
  if (into.size() < sizeof info) return -EINVAL;
  if (pending_.empty()) return -EAGAIN;
  // The lowest number first: signal(7).
  info.ssi_signo = static_cast<std::uint32_t>(*pending_.begin());
  pending_.erase(pending_.begin());
  std::memcpy(into.data(), &info, sizeof info);
  return sizeof info;
}

bool SignalNode::raise(int signal) {
  if (!signals_.contains(signal)) return false;
  // A signal that is already pending is not counted twice: signal(7).
  pending_.insert(signal);
  notify(Direction::read);
  return true;
}

PipeNode::PipeNode(SimulatedHost& host, std::shared_ptr<Buffer> buffer, Direction direction)
    : Node(host), buffer_(std::move(buffer)), direction_(direction) {
  (direction == Direction::read ? buffer_->reader : buffer_->writer) = this;
}

bool PipeNode::is_ready(Direction direction) const {
  if (direction != direction_) return false;
  if (direction == Direction::read) return !buffer_->bytes.empty() || buffer_->writer == nullptr;
  return buffer_->room() >= Buffer::kAtomicMax || buffer_->reader == nullptr;
}

int PipeNode::read(MutableBytes into) {
  if (direction_ != Direction::read) return -EBADF;
  if (buffer_->bytes.empty()) return buffer_->writer == nullptr ? 0 : -EAGAIN;
  const std::size_t count = std::min(into.size(), buffer_->bytes.size());
  std::memcpy(into.data(), buffer_->bytes.data(), count);
  buffer_->bytes.erase(0, count);
  if (buffer_->writer != nullptr) buffer_->writer->notify(Direction::write);
  return static_cast<int>(count);
}

int PipeNode::write(Bytes bytes) {
  if (direction_ != Direction::write) return -EBADF;
  if (buffer_->reader == nullptr) return -EPIPE;
  const std::size_t room = buffer_->room();
  if (room == 0 || (room < bytes.size() && bytes.size() <= Buffer::kAtomicMax)) return -EAGAIN;
  const std::size_t count = std::min(room, bytes.size());
  buffer_->bytes += as_text(bytes.first(count));
  buffer_->reader->notify(Direction::read);
  return static_cast<int>(count);
}

void PipeNode::close() {
  const bool is_reader = direction_ == Direction::read;
  PipeNode*& own = is_reader ? buffer_->reader : buffer_->writer;
  if (std::exchange(own, nullptr) == nullptr) return;
  PipeNode* other = is_reader ? buffer_->writer : buffer_->reader;
  if (other != nullptr) other->notify(is_reader ? Direction::write : Direction::read);
}

int ProcessNode::reap(ProcessEnd& end) {
  if (is_reaped_) return -ECHILD;
  if (!has_ended_) return -EAGAIN;
  is_reaped_ = true;
  end = end_;
  return 0;
}

void ProcessNode::end(ProcessEnd end) {
  if (std::exchange(has_ended_, true)) return;
  end_ = end;
  notify(Direction::read);
}

}  // namespace hotline::engine
