#include "hotline/net/identity.h"

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

std::string text_of(const PeerCredentials& credentials) {
  return "uid:" + std::to_string(credentials.uid) + ",gid:" + std::to_string(credentials.gid) +
         ",pid:" + std::to_string(credentials.pid);
}

std::string_view prefix_of(Identity::Kind kind) {
  switch (kind) {
    case Identity::Kind::secret: return "secret:";
    case Identity::Kind::key: return "key:";
    case Identity::Kind::certificate: return "certificate:";
    case Identity::Kind::user: break;
  }
  return "user:";
}

}  // namespace

Identity Identity::of_user(const PeerCredentials& credentials) {
  return {.name = "uid:" + std::to_string(credentials.uid),
          .kind = Kind::user,
          .credentials = credentials};
}

std::string_view Identity::proven_name() const {
  switch (kind) {
    case Kind::secret:
    case Kind::key: return name;
    case Kind::certificate: return common_name;
    case Kind::user: break;
  }
  return {};
}

std::string Identity::to_string() const {
  if (kind == Kind::user && credentials) return text_of(*credentials);
  std::string text = std::string(prefix_of(kind)) + escape(as_bytes(name));
  if (credentials) text += ',' + text_of(*credentials);
  return text;
}

}  // namespace hotline
