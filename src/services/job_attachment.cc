#include "services/job_attachment.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "hotline/engine/drain_hold.h"
#include "hotline/services/command_refusal.h"
#include "services/command_answer.h"

namespace hotline::services {
namespace {

constexpr std::size_t kSentPieceBytes = 64 * 1024;

}  // namespace

void cancel_if_reset(Job& job, const SessionStream& stream) {
  const auto reset = stream.reset_by_peer();
  if (reset && reset->code == ResetCode::cancelled) discard(job.control(CancelMessage{}));
}

void JobAttachment::serve(const WantedOutput& wanted) {
  const DrainHold hold;
  if (!has_kept(wanted)) return refuse_as_gone();
  // The job must not keep the stream, whatever happens here.
  struct Leaving {
    ~Leaving() { attachment.leave(); }
    JobAttachment& attachment;
  };
  const Leaving leaving{*this};
  if (!attach(wanted)) return;
  if (!accept(wanted)) return cancel_if_reset(job_, stream_);
  pass_on();
}

/// Returns false if this client can get nothing; the one that is attached stays then.
bool JobAttachment::has_kept(const WantedOutput& wanted) {
  return job_.output(OutputStream::standard_output).has_kept(wanted.output_offset) &&
         job_.output(OutputStream::standard_error).has_kept(wanted.error_offset);
}

void JobAttachment::refuse_as_gone() {
  stream_.reset(reset_code(CommandRefusal::gone), "its output from that offset is not kept");
}

bool JobAttachment::attach(const WantedOutput& wanted) {
  const auto alone = job_.attaching().lock();
  if (!alone) return false;
  job_.attach(stream_);
  input_ = job_.input().attach();
  return attach(OutputStream::standard_output, wanted.output_offset) &&
         attach(OutputStream::standard_error, wanted.error_offset);
}

bool JobAttachment::attach(OutputStream which, std::optional<std::uint64_t> offset) {
  auto reader = job_.output(which).attach(offset);
  if (reader && *reader) {
    sent(which).reader = std::move(**reader);
    return true;
  }
  reader ? refuse_as_gone() : stream_.reset(ResetCode::failed, reader.error().message());
  return false;
}

Result<void> JobAttachment::accept(const WantedOutput& wanted) {
  const RemoteCommand& command = job_.facts().command;
  CommandAnswer answer{.job = job_.facts().id, .pid = job_.pid(), .started = job_.started()};
  answer.is_repeated = wanted.is_repeated;
  answer.output_offset = sent(OutputStream::standard_output).reader.offset;
  answer.error_offset = sent(OutputStream::standard_error).reader.offset;
  if (wanted.input == CommandInput::stream && input_.before) {
    answer.input_offset = input_.before->size();
  }
  answer.has_terminal = command.terminal.has_value();
  answer.keep = job_.facts().keep;
  client_.emplace(stream_,
                  ClientRules::Command{.input = wanted.input,
                                       .has_terminal = command.terminal.has_value(),
                                       .is_kept = true,
                                       .input_before = input_.before.value_or(OutputDigest())});
  return client_->accept(as_bytes(encode_answer(answer)));
}

void JobAttachment::pass_on() {
  // One that fails ends the other, and the receivers use both.
  TaskGroup senders({.on_throw = OnThrow::cancels_others});
  TaskGroup receivers;
  const auto watching = receivers.spawn("job client", [&] { watch_client(senders); });
  const auto taking = receivers.spawn("job input", [&] { take_input(); });
  if (!watching || !taking) return;
  for (const OutputStream which : kOutputStreams) {
    if (!senders.spawn("job output", [&, which] { send(which, senders); })) return;
  }
  const auto joined = senders.join();
  if (!joined && !has_left_ && !is_torn_) {
    send_end(CommandExit{.kind = ExitKind::server_ended});
  } else if (has_sent_all()) {
    const auto exit = exit_of_job();
    // A client that knows the end needs the job no more, which may be given up for another.
    job_.detach(stream_);
    send_end(exit);
  } else if (has_left_) {
    send_end(std::nullopt);
  }
  is_over_ = true;
  receivers.cancel();
  discard(receivers.join());
  client_->finish();
}

/// Ends the sending when the client leaves or is cut off.
void JobAttachment::watch_client(TaskGroup& senders) {
  const DrainHold hold;
  const bool has_ended = client_->take_messages([&](const ClientMessage& message) {
    if (!std::holds_alternative<DetachMessage>(message)) return discard(job_.control(message));
    has_left_ = true;
    stop(senders);
  });
  if (has_ended) client_->wait_cut();
  if (is_over_) return;
  cancel_if_reset(job_, stream_);
  senders.cancel();
}

void JobAttachment::take_input() {
  const DrainHold hold;
  JobInput& input = job_.input();
  client_->take_input([&](Bytes bytes) { discard(input.write(input_, bytes, client_->input())); },
                      [&] { input.end(input_); });
}

/// Cancels the senders, but none that is sending: its bytes are in the digest already.
void JobAttachment::stop(TaskGroup& senders) const {
  if (sending_ == 0) senders.cancel();
}

void JobAttachment::send(OutputStream which, TaskGroup& senders) {
  const DrainHold hold;
  Sent& of = sent(which);
  for (;;) {
    const auto room = client_->wait_room(which);
    if (!room) return;
    const auto piece = job_.output(which).read(of.reader, std::min(*room, kSentPieceBytes));
    if (!piece) return;
    of.has_ended = piece->empty();
    if (of.has_ended) return;
    of.flow.add(as_bytes(*piece));
    ++sending_;
    const auto put = client_->put(which, as_bytes(*piece));
    --sending_;
    is_torn_ = is_torn_ || !put;
    if (has_left_) stop(senders);
    if (!put || has_left_) return;
  }
}

/// Returns how the job ends; nullopt if that will not be known.
std::optional<CommandExit> JobAttachment::exit_of_job() {
  auto exit = job_.wait_exit();
  if (exit) return *std::move(exit);
  if (exit.error().kind != ErrorKind::cancelled) return std::nullopt;
  // The server is cut: it ends the job too.
  return CommandExit{.kind = ExitKind::server_ended};
}

void JobAttachment::send_end(const std::optional<CommandExit>& exit) {
  const auto ended = client_->send_outputs_end(trailer_of(OutputStream::standard_output),
                                               trailer_of(OutputStream::standard_error));
  if (ended && exit) discard(client_->send_exit(*exit));
}

OutputTrailer JobAttachment::trailer_of(OutputStream which) {
  const Sent& of = sent(which);
  return {.flow = of.flow.value(),
          .whole = of.reader.digest.value(),
          .dropped = of.has_ended ? job_.output(which).dropped() : 0};
}

void JobAttachment::leave() noexcept {
  for (const OutputStream which : kOutputStreams) job_.output(which).detach(sent(which).reader);
  job_.detach(stream_);
}

}  // namespace hotline::services
