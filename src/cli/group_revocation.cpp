#include "cli/group_revocation.h"

#include "base/strong_id.h"
#include "cli/operator_client.h"
#include "cli/views.h"

namespace vedette::cli {

namespace {

using codec::Json;

std::string done_words(const GroupId& group, const Json& answer) {
  return "revoked group " + group.str() + ": devices " + printable(cell_of(answer, "devices")) +
         ", live connections closed: " + printable(cell_of(answer, "connections_closed")) + "\n";
}

std::string proposed_words(const GroupId& group, const Json& answer) {
  return "proposed by " + printable(cell_of(answer, "proposer")) + ", because of '" +
         printable(cell_of(answer, "reason")) +
         "', and not done yet: another operator approves it with\n  vedette device revoke "
         "--group " +
         group.str() + " --approve " + printable(cell_of(answer, "proposal")) + "\n";
}

}  // namespace

Result<void> revoke_group(Environment& environment, const GroupRevocation& wanted) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(wanted.group));
  const int ways = (wanted.reason.empty() ? 0 : 1) + (wanted.approve.empty() ? 0 : 1) +
                   (wanted.shows_proposal ? 1 : 0);
  if (ways != 1)
    return refuse("CLI-USAGE", "a group is revoked with one of --reason, --approve and --proposal",
                  {}, "see 'vedette device revoke --help'");
  const std::string path = "/v1/groups/" + group.str() + "/revoke";
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  if (wanted.shows_proposal) {
    VEDETTE_TRY(const Json waiting, client.get(path + "/proposal"));
    environment.output->result(waiting, proposed_words(group, waiting));
    return {};
  }
  Json body;
  const bool approves = !wanted.approve.empty();
  body.set(approves ? "proposal" : "reason", approves ? wanted.approve : wanted.reason);
  VEDETTE_TRY(const Json answer, client.post(approves ? path + "/approve" : path, body));
  const bool waits = answer.find("proposal") != nullptr;
  environment.output->result(answer,
                             waits ? proposed_words(group, answer) : done_words(group, answer));
  return {};
}

}  // namespace vedette::cli
