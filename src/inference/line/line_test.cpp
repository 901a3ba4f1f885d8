#include "inference/line/line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vedette::inference {
namespace {

TEST(Line, TellsAnEndThatIsGone) {
  auto line = make_line().value();
  line.other.reset();
  EXPECT_FALSE(send_report(line.one.get(), plain_report(ReportKind::born, 1)));
  EXPECT_FALSE(receive_report(line.one.get(), true).has_value());
  EXPECT_FALSE(receive_order(line.one.get()).has_value());
}

TEST(Line, TakesNothingThatIsNoReport) {
  const auto line = make_line().value();
  EXPECT_FALSE(receive_report(line.one.get(), false).has_value());
  ASSERT_EQ(::send(line.other.get(), "hello", 5, 0), 5);
  EXPECT_FALSE(receive_report(line.one.get(), false).has_value());
  const Bytes longer(sizeof(Report) + 1, 1);
  ASSERT_GT(::send(line.other.get(), longer.data(), longer.size(), 0), 0);
  EXPECT_FALSE(receive_report(line.one.get(), false).has_value());
}

TEST(Line, CarriesADescriptorAlong) {
  const auto line = make_line().value();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  ASSERT_TRUE(send_report(line.one.get(), plain_report(ReportKind::caged, 0), write_end.get()));
  write_end.reset();
  const auto received = receive_report(line.other.get(), true);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->report.kind, ReportKind::caged);
  EXPECT_EQ(::fcntl(received->fd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::write(received->fd.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(read_end.get(), &byte, 1), 1);
}

TEST(Line, CarriesAnOrderWithItsDescriptors) {
  const auto line = make_line().value();
  const SpawnOrder order{built_in_profile("strict").value(), ModelFormat::onnx, false, -1, ""};
  EXPECT_FALSE(send_order(line.one.get(), order, {0, 0, 0, 0}));
  ASSERT_TRUE(send_order(line.one.get(), order, {line.one.get(), line.other.get()}));
  const auto received = receive_order(line.other.get());
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->fds.size(), 2U);
  EXPECT_EQ(parse_order(received->message).value(), order);
}

}  // namespace
}  // namespace vedette::inference
