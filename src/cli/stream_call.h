#pragma once

#include <string>

#include "cli/call_options.h"
#include "cli/message_source.h"
#include "cli/peer_end.h"
#include "cli/reply_printer.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"

namespace hotline::cli {

/// One call over a stream without framing, in lockstep: sends a message, then prints the bytes that
/// come back until no more are expected; after the last message it half-closes, and prints the
/// rest.
class StreamCall final : private PeerWatch {
 public:
  /// `printer` and `options` must outlive this object.
  StreamCall(Stream stream, const CallOptions& options, ReplyPrinter& printer)
      : stream_(std::move(stream)), options_(options), printer_(printer) {}

  /// Runs the whole call. Succeeds if no error broke it off and a reply followed the last message
  /// (if there was a message), or if the reader of standard output has gone.
  Result<void> converse(MessageSource& messages);

  /// Returns true if the peer hung up while messages might have been left.
  bool was_cut_short() const { return was_cut_short_; }

  /// Returns true if any byte of a reply has come.
  bool has_reply() const { return has_reply_; }

 private:
  enum class Arrival { piece, nothing, end };

  int descriptor() const override;
  bool has_unread() const override;
  bool show_arrived() override;
  void settle() override { printer_.end_reply(); }

  Result<void> send(const std::string& message);
  Result<void> send_while_showing(const std::string& message);
  void show_reply();
  void show_rest();
  Arrival show_piece(Duration wait_max);
  Result<void> judge() const;

  Stream stream_;
  const CallOptions& options_;
  ReplyPrinter& printer_;
  PeerEnd end_;
  std::size_t reply_bytes_ = 0;  ///< Since the last message.
  bool has_sent_ = false;
  bool has_reply_ = false;
  bool has_reader_ = true;  ///< The reader of standard output.
  bool was_cut_short_ = false;
};

}  // namespace hotline::cli
