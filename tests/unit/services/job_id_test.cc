#include "hotline/services/job_id.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::job_id_test {

TEST_CASE("the text of a job's id leads back to it") {
  JobId id;
  for (std::size_t i = 0; i < JobId::kBytes; ++i) id.bytes[i] = static_cast<std::byte>(i * 17 + 1);
  CHECK(id.text() == "0112233445566778899aabbccddeef00");
  CHECK(id.text().size() == 32);
  CHECK(JobId::parse(id.text()) == id);
}

TEST_CASE("an id may be written in upper case") {
  const auto id = JobId::parse("00112233445566778899AABBCCDDEEFF");
  REQUIRE(id);
  CHECK(id->text() == "00112233445566778899aabbccddeeff");
}

TEST_CASE("other texts are not ids") {
  const std::string text = "00112233445566778899aabbccddeeff";
  CHECK_FALSE(JobId::parse(""));
  CHECK_FALSE(JobId::parse(text.substr(1)));
  CHECK_FALSE(JobId::parse(text + "0"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char wrong : {'g', 'G', ' ', '-', '/', ':', '@', '`', '\0'}) {
      std::string other = text;
      other[i] = wrong;
      CHECK_FALSE(JobId::parse(other));
    }
  }
}

}  // namespace hotline::job_id_test
