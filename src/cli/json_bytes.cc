#include "cli/json_bytes.h"

#include "cli/text_encoding.h"
#include "hotline/core/utf8.h"

namespace hotline::cli {

JsonLine json_of_bytes(Bytes bytes) {
  JsonLine object;
  object.add("bytes", static_cast<std::int64_t>(bytes.size()));
  if (is_utf8(bytes)) {
    object.add("text", as_text(bytes));
  } else {
    object.add("base64", encode_base64(bytes));
  }
  return object;
}

}  // namespace hotline::cli
