#pragma once

#include <string>

#include "cli/call_options.h"
#include "cli/message_source.h"
#include "cli/reply_printer.h"
#include "hotline/core/result.h"
#include "hotline/net/datagram_socket.h"

namespace hotline::cli {

/// A conversation in datagrams: each message is one datagram, which is sent again until a reply
/// comes.
class DatagramCall final : private PeerWatch {
 public:
  /// `printer` and `options` must outlive this object.
  DatagramCall(DatagramSocket socket, const CallOptions& options, ReplyPrinter& printer)
      : socket_(std::move(socket)), options_(options), printer_(printer) {}

  /// Runs the whole conversation. Fails at the first message without a reply.
  Result<void> converse(MessageSource& messages);

 private:
  int descriptor() const override { return socket_.descriptor(); }
  bool has_unread() const override { return socket_.has_unread(); }
  bool show_arrived() override;
  void settle() override {}

  Result<void> exchange(const std::string& message);
  Error cut_reply(const Datagram& reply) const;
  Result<void> send(const std::string& message);
  void drop_late_replies();

  DatagramSocket socket_;
  const CallOptions& options_;
  ReplyPrinter& printer_;
  bool has_sent_again_ = false;  ///< A second reply to an earlier message may therefore arrive.
  bool has_reader_ = true;       ///< Standard output has a reader.
};

}  // namespace hotline::cli
