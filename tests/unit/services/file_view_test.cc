#include "services/file_view.h"

#include <doctest/doctest.h>

#include "support/file_homes.h"

namespace hotline::services::file_view_test {
namespace {

using test::code_of;

TEST_CASE("a view allows what its user may do, and nothing before that is known") {
  const test::TemporaryDirectory directory;
  FileTree tree(test::open_test_directory(directory.file("home")), FileDurability::none);
  UploadTable table(test::open_test_directory(directory.file("staging")), tree.account(), {});
  FileView view(tree, table);
  CHECK(code_of(view.check({})) == FileErrorCode::not_permitted);
  const auto target = view.target(test::file_path("a"), MissingParents::fail);
  const RightCheck may_read = view.right_check(&FileRights::can_read);
  view.set_rights(FileRights{.can_read = true});
  CHECK(may_read());
  CHECK(code_of(target.may_write()) == FileErrorCode::not_permitted);
  view.set_rights(FileRights{.can_write = true});
  CHECK(code_of(may_read()) == FileErrorCode::not_permitted);
  CHECK(target.may_write() == Overwriting::refused);
  view.set_rights(FileRights{.can_write = true, .can_overwrite = true});
  CHECK(target.may_write() == Overwriting::allowed);
  view.set_rights(refuse(FileErrorCode::not_permitted, "why"));
  CHECK(view.rights() == FileRights());
  CHECK(view.check({&FileRights::can_read}).error().text == "why");
}

}  // namespace
}  // namespace hotline::services::file_view_test
