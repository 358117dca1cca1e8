// Files over HTTP/1.1: answers GET with the regular files below a directory, and with nothing else:
// no links, no way out. Stream::send_file sends them without a copy.
//
//   http_file_server [DIRECTORY [ENDPOINT [WORD]]]      default . tcp://127.0.0.1:8000 loops
#include <charconv>
#include <iostream>
#include <optional>
#include <string>

#include "hotline/hotline.h"

using namespace hotline;

struct Request {
  std::string method;
  std::string path;  // Below the directory.
  bool is_last = false;
};

// Returns what a target names: without its first '/', its query, and with its %XX decoded.
std::optional<std::string> path_of(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find('?'));
  std::string path;
  for (std::size_t i = 1; i < target.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(target[i]);
    if (byte == '%') {
      const std::string_view digits = target.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(digits.begin(), digits.end(), byte, 16);
      if (digits.size() < 2 || error != std::errc() || end != digits.end()) return std::nullopt;
      i += 2;
    }
    path += static_cast<char>(byte);
  }
  return path;
}

// Takes a request line and its fields apart; each has its end.
std::optional<Request> parse(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == 0 || first >= last) return std::nullopt;
  const std::string_view version = line.substr(last + 1);
  const auto path = path_of(line.substr(first + 1, last - first - 1));
  if (!path || (version != "HTTP/1.1" && version != "HTTP/1.0")) return std::nullopt;
  std::string fields(head.substr(line.size()));
  to_upper(std::as_writable_bytes(std::span(fields)));
  std::erase(fields, ' ');
  // Content is not read.
  bool is_last = version == "HTTP/1.0";
  for (const auto* last_if : {"CONNECTION:CLOSE\r\n", "CONTENT-LENGTH:", "TRANSFER-ENCODING:"}) {
    is_last |= fields.contains(std::string("\r\n") + last_if);
  }
  return Request{std::string(line.substr(0, first)), *path, is_last};
}

std::string head_of(std::string_view status, std::uint64_t size) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n";
}

// Returns false if the call has to end.
bool refuse(Stream& call, std::string_view status) {
  return call.write_all(as_bytes(head_of(status, 0))).has_value();
}

bool answer(Stream& call, const Directory& root, const Request& request) {
  if (request.method != "GET") return refuse(call, "405 Method Not Allowed\r\nAllow: GET");
  auto file = root.open_file_beneath(request.path);
  if (!file) return refuse(call, "404 Not Found");
  const std::uint64_t size = file->status().value().size;
  return call.write_all(as_bytes(head_of("200 OK", size))) && call.send_file(*file, 0, size);
}

void serve_files(Stream& call, const std::string& directory) {
  // Opened for each call, because the processes of `processes` inherit no descriptors.
  const auto root = Directory::open(directory);
  if (!root) return call.abort();
  for (std::string begun;;) {  // What has arrived of the next requests.
    const std::size_t end = begun.find("\r\n\r\n");
    if (end == begun.npos && begun.size() < 16 * 1024) {
      const auto bytes = call.receive();
      if (!bytes) return;
      begun += as_text(*bytes);
      continue;
    }
    const auto request = end == begun.npos ? std::nullopt : parse(begun.substr(0, end + 2));
    if (!request) return void(refuse(call, "400 Bad Request"));
    if (!answer(call, *root, *request) || request->is_last) return;
    begun.erase(0, end + 4);
  }
}

int report(const Error& error) {
  std::cerr << "error: " << error.message_with_hint() << '\n';
  return 2;
}

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : ".";
  if (const auto root = Directory::open(directory); !root) return report(root.error());
  const auto concurrency = Concurrency::parse(argc > 3 ? argv[3] : "loops");
  if (!concurrency) return report(concurrency.error());
  ServerOptions options;
  options.concurrency = *concurrency;
  return serve(
      argc > 2 ? argv[2] : "tcp://127.0.0.1:8000",
      [&](Stream& call) { serve_files(call, directory); }, options);
}
