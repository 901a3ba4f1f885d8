// What a whole agent owes while it downloads, over a line on which that takes a minute.
#include <csignal>

#include <sys/un.h>

#include "slow_line.h"
#include "whole_agent_fixture.h"

namespace vedette::whole_agent {
namespace {

class FarAwayAgent : public WholeAgent {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "drone/conf.d");
    const std::string over_the_line =
        "[server]\ndevice_port = " + std::to_string(line_.port()) + "\n";
    ASSERT_TRUE(
        write_file_atomically(folder_ / "drone/conf.d/line.toml", as_bytes(over_the_line), 0600));
    WholeAgent::SetUp();
  }

  // Of the file that is on its way; 0: none is.
  [[nodiscard]] std::uint64_t downloaded() const {
    for (const auto& entry : std::filesystem::directory_iterator(drone_->folder + "/state/models"))
      if (entry.path().extension() == ".part") return entry.file_size();
    return 0;
  }
  Result<void> wait_for_octets(std::uint64_t more_than) {
    return wait_for("more octets than " + std::to_string(more_than), 20s,
                    [&]() -> Result<bool> { return downloaded() > more_than; });
  }

  // Who listens on its socket.
  [[nodiscard]] pid_t agent_id() const {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = drone_->folder + "/api.sock";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
      return -1;
    return credentials.pid;
  }

  SlowLine line_{[this] { return theatre_.server().device_port; }};
};

TEST_F(FarAwayAgent, ADownloadSuspendsNoDutyAndEndsWithTheAgent) {
  const TimePoint end = std::chrono::floor<std::chrono::seconds>(SystemClock().now()) + 30s;
  ASSERT_EQ(code_of(publish("2", "1", "valid_until = \"" + to_rfc3339(end) + "\"\n")), "");
  ASSERT_EQ(code_of(wait_for_release(2)), "");
  line_.let_through(40'000);
  ASSERT_EQ(code_of(publish("3", "1", {}, 3'000'000)), "");
  ASSERT_EQ(code_of(wait_for_octets(0)), "");

  // It attests, and goes on where it was.
  const std::uint64_t before = downloaded();
  EXPECT_EQ(code_of(wait_for_verdicts(2)), "");
  EXPECT_EQ(code_of(wait_for_octets(before)), "");
  EXPECT_EQ(ask_by_socket(4).value_or(0), 8) << "release 2 answers meanwhile";

  EXPECT_EQ(code_of(wait_for_news("AGT-CONTRACT-TIME")), "");
  EXPECT_LT(SystemClock().now(), end + 5s);
  EXPECT_NE(code_of(ask_by_socket(4)), "");
  EXPECT_GT(downloaded(), before) << "it is under way still";

  ASSERT_EQ(::kill(agent_id(), SIGTERM), 0);
  EXPECT_EQ(drone_->agent->wait_for(5s), 0);
}

}  // namespace
}  // namespace vedette::whole_agent
