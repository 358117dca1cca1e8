#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/call_options.h"
#include "cli/message_source.h"
#include "cli/peer_end.h"
#include "cli/reply_printer.h"
#include "hotline/core/result.h"
#include "hotline/framing/frame_stream.h"

namespace hotline::cli {

/// One call over a stream with framing, with one reply to each message. The messages that are
/// available are sent at once, without waiting for replies in between, if the framing allows that.
class FramedCall final : private PeerWatch {
 public:
  /// `printer` and `options` must outlive this object.
  FramedCall(FrameStream frames, const CallOptions& options, ReplyPrinter& printer);

  /// Runs the whole call. Succeeds if each message had its reply, or if the reader of standard
  /// output has gone.
  Result<void> converse(MessageSource& messages);

  /// Returns true if the peer hung up while messages might have been left.
  bool was_cut_short() const { return was_cut_short_; }

  /// Returns true if a reply has come.
  bool has_reply() const { return has_reply_; }

 private:
  enum class Arrival { reply, nothing, end };

  /// Messages that are sent together, and what follows them.
  struct Batch {
    std::vector<std::string> messages;
    std::size_t bytes = 0;
    MessageSource::Next next = MessageSource::Next::message;
    Result<void> refused;  ///< The reason why the message after them cannot be sent.
  };

  int descriptor() const override;
  bool has_unread() const override;
  bool show_arrived() override;
  void settle() override {}

  Batch collect(MessageSource& messages);
  bool take(Batch& batch, std::string message) const;
  Result<void> exchange(const Batch& batch);
  Result<void> send(const Batch& batch, std::span<const Bytes> payloads);
  Result<void> send_while_showing(std::span<const Bytes> payloads);
  void show_due();
  void show_here();
  Arrival show_reply();
  void wait_at_most(Duration timeout);
  Result<void> judge() const;
  std::string peer() const { return frames_.stream().peer().to_string(); }

  FrameStream frames_;
  const CallOptions& options_;
  ReplyPrinter& printer_;
  PeerEnd end_;
  std::size_t sent_ = 0;     ///< Messages.
  std::size_t missing_ = 0;  ///< Replies to them.
  std::size_t due_ = 0;      ///< Replies, before the next messages go out.
  bool has_reply_ = false;
  bool has_reader_ = true;  ///< Standard output has a reader.
  bool was_cut_short_ = false;
};

}  // namespace hotline::cli
