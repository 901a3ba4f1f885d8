// Listening on a Unix socket, and knowing who is at the other end.
#include <array>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/net/beast/loopback_fixture.h"
#include "platform/net/beast/peer_credentials.h"
#include "platform/net/beast/socket_diagnosis.h"
#include "testing/temporary_folder.h"

namespace vedette::platform {
namespace {

constexpr uid_t kStranger = 54321;

std::string code_at(const std::string& path) {
  Handler handler(echo);
  const auto server = make_beast_http()->serve(unix_server(path), handler);
  return server ? "" : server.error().code;
}

unsigned mode_of(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return 0;
  return status.st_mode & 07777U;
}

// A socket file at which nobody answers, as a killed server leaves it.
void leave_socket(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

// "uid group pid" of the caller, as the handler saw it.
HttpResponse tell_credentials(const Connection& connection, const HttpRequest& /*request*/) {
  if (!connection.credentials) return text_response("nobody");
  const PeerCredentials& peer = *connection.credentials;
  return text_response(std::to_string(peer.uid) + " " +
                       (peer.groups.empty() ? "none" : std::to_string(peer.groups.front())) + " " +
                       (peer.pid ? std::to_string(*peer.pid) : "none"));
}

std::string told(const HttpClientSettings& settings) {
  return std::string(as_text(must(connect(settings)->send(get("/"))).body));
}

class UnixSocket : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "api.sock";
};

TEST_F(UnixSocket, RefusesPathsThatCannotBe) {
  EXPECT_EQ(code_at("api.sock"), "NET-LISTEN");
  EXPECT_EQ(code_at(folder_ / std::string(120, 'a')), "NET-LISTEN");
  EXPECT_EQ(code_at(folder_ / "missing/api.sock"), "NET-LISTEN");
  EXPECT_EQ(make_beast_http()->connect(unix_client("api.sock")).error().code, "NET-UNREACHABLE");
}

TEST_F(UnixSocket, RefusesAFolderWhereOthersMayReplaceFiles) {
  ASSERT_EQ(::chmod(std::string(folder_ / ".").c_str(), 0777), 0);
  EXPECT_EQ(code_at(path_), "NET-LISTEN");
  ASSERT_EQ(::chmod(std::string(folder_ / ".").c_str(), 0770), 0);
  EXPECT_EQ(code_at(path_), "NET-LISTEN");
  ASSERT_EQ(::chmod(std::string(folder_ / ".").c_str(), 01777), 0);
  EXPECT_EQ(code_at(path_), "");
}

TEST_F(UnixSocket, RefusesToReplaceWhatIsNoSocket) {
  std::ofstream(path_) << "precious";
  EXPECT_EQ(code_at(path_), "NET-LISTEN");
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
  std::filesystem::remove(path_);
  leave_socket(folder_ / "elsewhere");
  std::filesystem::create_symlink(folder_ / "elsewhere", path_);
  EXPECT_EQ(code_at(path_), "NET-LISTEN");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "elsewhere"));
}

TEST_F(UnixSocket, RefusesToReplaceASocketThatAnswers) {
  Handler handler(echo);
  const auto server = serve(unix_server(path_), handler);
  EXPECT_EQ(code_at(path_), "NET-LISTEN");
  EXPECT_EQ(as_text(must(connect(unix_client(path_))->send(post("/", "still here"))).body),
            "still here");
}

TEST_F(UnixSocket, RefusesToReplaceTheSocketOfAnother) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file of another's";
  leave_socket(path_);
  ASSERT_EQ(::lchown(path_.c_str(), kStranger, kStranger), 0);
  EXPECT_EQ(code_at(path_), "NET-LISTEN");
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocket, RefusesTlsOnIt) {
  const Authority authority("ours");
  auto settings = tls_server(authority.server(), authority.root());
  settings.unix_path = path_;
  Handler handler(echo);
  EXPECT_EQ(make_beast_http()->serve(settings, handler).error().code, "NET-LISTEN");
}

TEST_F(UnixSocket, ReplacesOneThatWasLeftBehind) {
  leave_socket(path_);
  EXPECT_EQ(code_at(path_), "");
}

TEST_F(UnixSocket, HasItsModeAndGoesWithTheServer) {
  Handler handler(echo);
  auto settings = unix_server(path_);
  auto server = serve(settings, handler);
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(server->port(), 0);
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
  settings.unix_mode = 0666;
  server = serve(settings, handler);
  EXPECT_EQ(mode_of(path_), 0666U);
}

TEST_F(UnixSocket, LeavesAloneWhatAnotherPutInItsPlace) {
  Handler handler(echo);
  auto server = serve(unix_server(path_), handler);
  std::filesystem::remove(path_);
  std::ofstream(path_) << "another's";
  server.reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixSocket, CarriesRequestsAndSaysWhereTheyComeFrom) {
  Handler handler([](const Connection& connection, const HttpRequest& request) {
    return text_response(connection.peer_address + request.header("host") +
                         std::to_string(request.body.size()));
  });
  const auto server = serve(unix_server(path_), handler);
  const auto client = connect(unix_client(path_));
  const auto answer = must(client->send(post("/", std::string(300'000, 'a'))));
  EXPECT_EQ(as_text(answer.body), "unixlocalhost300000");
  EXPECT_TRUE(client->connected());
}

TEST_F(UnixSocket, NobodyAnswersAfterTheServerIsGone) {
  const auto client = connect(unix_client(path_));
  const auto refused = client->send(get("/"));
  EXPECT_EQ(refused.error().code, "NET-UNREACHABLE");
  EXPECT_NE(refused.error().cause.find(path_), std::string::npos);
}

TEST_F(UnixSocket, TellsUserGroupAndProcess) {
  Handler handler(tell_credentials);
  const auto server = serve(unix_server(path_), handler);
  EXPECT_EQ(told(unix_client(path_)), std::to_string(::geteuid()) + " " +
                                          std::to_string(::getegid()) + " " +
                                          std::to_string(::getpid()));
}

// Runs `act` in a child of another user, which lives until `finish` is closed.
class Stranger {
 public:
  explicit Stranger(const std::function<UniqueFd()>& act) {
    int ready[2]{};
    int finish[2]{};
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(finish, O_CLOEXEC), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(finish[1]);
      if (::setgid(kStranger) != 0 || ::setuid(kStranger) != 0) ::_exit(1);
      const UniqueFd held = act();
      char octet = 0;
      if (::write(ready[1], "r", 1) != 1) ::_exit(1);
      ::_exit(::read(finish[0], &octet, 1) == 0 ? 0 : 1);
    }
    ::close(ready[1]);
    ::close(finish[0]);
    char octet = 0;
    EXPECT_EQ(::read(ready[0], &octet, 1), 1);
    ::close(ready[0]);
    finish_.reset(finish[1]);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() {
    finish_.reset();
    ::waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_ = -1;
  UniqueFd finish_;
};

// A listening socket of TCP on loopback, without a server's threads, so that a child can be forked.
struct PlainListener {
  explicit PlainListener(int family) : socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    address.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET)
      reinterpret_cast<sockaddr_in*>(&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
      reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr = in6addr_loopback;
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket.get(), raw, size), 0) << errno_text("bind");
    EXPECT_EQ(::listen(socket.get(), 4), 0);
    EXPECT_EQ(::getsockname(socket.get(), raw, &size), 0);
    port = ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);  // at the same place in both
  }
  [[nodiscard]] UniqueFd accept() const {
    return UniqueFd(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  UniqueFd socket;
  std::uint16_t port = 0;
};

// A socket of IPv6 that speaks with 127.0.0.1, as the run-time libraries of some languages do.
UniqueFd dial_mapped(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr.s6_addr[10] = address.sin6_addr.s6_addr[11] = 0xff;
  address.sin6_addr.s6_addr[12] = 127;
  address.sin6_addr.s6_addr[15] = 1;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(errno_text("connect"));
  return fd;
}

// Its socket is nobody's then, and the kernel's table says uid 0 of it: that must not pass for
// root.
TEST(TcpCredentials, RefusesToGuessAboutAPeerThatHasClosed) {
  const PlainListener listener(AF_INET);
  UniqueFd peer = dial(listener.port);
  const UniqueFd accepted = listener.accept();
  write_all(peer.get(), "GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(net::peer_credentials(accepted.get()).has_value());
  peer.reset();
  EXPECT_FALSE(net::peer_credentials(accepted.get()).has_value());
}

TEST(TcpCredentials, RefusesToGuessAboutAnythingElse) {
  int pair[2]{};
  ASSERT_EQ(::pipe2(pair, O_CLOEXEC), 0);
  const UniqueFd read_end(pair[0]);
  const UniqueFd write_end(pair[1]);
  EXPECT_FALSE(net::peer_credentials(read_end.get()).has_value());
  EXPECT_FALSE(net::peer_credentials(-1).has_value());
  const PlainListener listener(AF_INET);
  EXPECT_FALSE(net::peer_credentials(listener.socket.get()).has_value());
}

TEST(TcpCredentials, KnowThePeersUserAndNoMore) {
  Handler handler(tell_credentials);
  const auto server = serve(plain_server(), handler);
  EXPECT_EQ(told(plain_client(server->port())), std::to_string(::geteuid()) + " none none");
}

TEST(TcpCredentials, KnowAPeerThatHasSaidAllItWants) {
  const PlainListener listener(AF_INET);
  const UniqueFd peer = dial(listener.port);
  const UniqueFd accepted = listener.accept();
  ::shutdown(peer.get(), SHUT_WR);
  const auto credentials = net::peer_credentials(accepted.get());
  ASSERT_TRUE(credentials.has_value());
  EXPECT_EQ(credentials->uid, ::geteuid());
}

TEST(TcpCredentials, KnowAStrangerByEveryKindOfSocket) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  const PlainListener listener(AF_INET);
  for (const auto& dialled : {dial, dial_mapped}) {
    const Stranger stranger([&] { return dialled(listener.port); });
    const UniqueFd accepted = listener.accept();
    const auto credentials = net::peer_credentials(accepted.get());
    ASSERT_TRUE(credentials.has_value());
    EXPECT_EQ(credentials->uid, kStranger);
    EXPECT_TRUE(credentials->groups.empty());
  }
}

TEST(SocketDiagnosis, RefusesToNameTheListenerInsteadOfAPeerThatIsNotThere) {
  const PlainListener listener(AF_INET);
  const net::TcpEnd local{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, listener.port};
  net::TcpEnd remote = local;
  remote.port = 1;
  EXPECT_EQ(net::diagnose_owner(local, remote).error().code, "NET-DIAGNOSIS");
}

TEST(SocketDiagnosis, AgreesWithTheTables) {
  const PlainListener listener(AF_INET);
  for (const auto& dialled : {dial, dial_mapped}) {
    const UniqueFd peer = dialled(listener.port);
    const UniqueFd accepted = listener.accept();
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ASSERT_EQ(::getpeername(accepted.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const net::TcpEnd own{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, listener.port};
    net::TcpEnd other = own;
    other.port = ntohs(address.sin_port);
    const auto in_tables = net::owner_in_tables(other, own);
    ASSERT_TRUE(in_tables.has_value());
    const auto diagnosed = net::diagnose_owner(other, own);
    if (!diagnosed) GTEST_SKIP() << "this kernel cannot be asked: " << describe(diagnosed.error());
    EXPECT_EQ(*diagnosed, in_tables);
  }
}

TEST(TcpCredentials, KnowAPeerOnIpv6) {
  const PlainListener listener(AF_INET6);
  UniqueFd peer(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(listener.port);
  address.sin6_addr = in6addr_loopback;
  ASSERT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const UniqueFd accepted = listener.accept();
  const auto credentials = net::peer_credentials(accepted.get());
  ASSERT_TRUE(credentials.has_value());
  EXPECT_EQ(credentials->uid, ::geteuid());
}

}  // namespace
}  // namespace vedette::platform
