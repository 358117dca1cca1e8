#include "net/coalesced.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "net/socket.h"

namespace hotline::net {

void ask_for_coalescing(const engine::Channel& channel) {
  // If the kernel refuses, each datagram arrives by itself, which needs no other treatment.
  set_flag(channel, SOL_UDP, UDP_GRO);
}

std::size_t segment_bytes_in(const cmsghdr& control) {
  int size = 0;
  const bool is_size = control.cmsg_level == SOL_UDP && control.cmsg_type == UDP_GRO &&
                       control.cmsg_len >= CMSG_LEN(sizeof size);
  if (!is_size) return 0;
  std::memcpy(&size, CMSG_DATA(&control), sizeof size);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

void append_segments(const Datagram& whole, std::size_t segment_bytes,
                     std::vector<Datagram>& datagrams) {
  if (segment_bytes == 0 || segment_bytes >= whole.bytes.size()) {
    datagrams.push_back(whole);
    return;
  }
  Datagram piece = whole;
  piece.is_truncated = false;
  for (MutableBytes rest = whole.bytes; !rest.empty(); rest = rest.subspan(piece.bytes.size())) {
    piece.bytes = rest.first(std::min(segment_bytes, rest.size()));
    datagrams.push_back(piece);
  }
  datagrams.back().is_truncated = whole.is_truncated;
}

}  // namespace hotline::net
