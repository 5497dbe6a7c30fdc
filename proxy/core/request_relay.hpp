// proxy/core/request_relay.hpp - the client's way to the server: which bytes go through, which are rewritten,
// what is injected before them, and which answers are expected for them.
//
// Works on the bytes where they are: whole ranges of untouched messages go to the sink in one piece; a
// message larger than what has arrived streams through. Never blocks, never throws on what a client sends.
#pragma once

#include "proxy/core/passage.hpp"
#include "proxy/core/process_numbers.hpp"
#include "proxy/core/state.hpp"
#include "proxy/core/statement_catalogue.hpp"
#include "proxy/core/statement_finder.hpp"
#include "proxy/wire/error_response.hpp"
#include "proxy/wire/frame.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sink.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::core {

struct relay_rules {
  statement_catalogue& catalogue;
  statement_finder* unnamed = nullptr;  // which unnamed statements are prepared once for all; null: none
  statement_finder* queries = nullptr;  // the same of simple Queries that go by the extended protocol
  std::size_t prepared_limit = 200;     // statements per backend; at least 1
  std::uint64_t client_id = 1;          // unique, not 0
  // False: others wait for a backend, so nothing is sent ahead of the open answers.
  bool may_start_unit = true;
  process_numbers* processes = nullptr;  // null: clients' numbers stay as they are
  bool reads_sequences = false;          // currval() or lastval() was seen in the pool
  // The backend is a lane: what is open there belongs to other clients. The unit is whole, it was found
  // shareable, and it is sent again if it turns out to rest on something that failed.
  bool on_lane = false;
  // Its Sync is not sent, and the answer to it is said in its turn: lane_queue sends one for several units. A
  // simple Query goes by the extended protocol then; see request_query.cpp.
  bool withholds_sync = false;
};

enum class request_outcome {
  need_more,  // the bytes not consumed are the beginning of a message that is needed whole
  held,       // the next unit may not start before the open ones are answered
  terminate,  // the client said goodbye
  violation,  // not PostgreSQL's protocol; see request_step::violation
  no_room,    // prepared_memory does not suffice for what the client wants kept
};

struct request_step {
  std::size_t consumed;
  request_outcome what;
  const char* violation = nullptr;  // static text
  // Databases that commands among what was sent want for themselves; see wire/sql_vacates.
  std::vector<std::string> to_vacate{};
};

class request_relay {
 public:
  request_relay(client_state& client, backend_state& backend, const relay_rules& rules, wire::sink& to_server,
                wire::sink& to_client)
      : client_(client),
        backend_(backend),
        rules_(rules),
        stream_(to_server),
        to_client_(to_client),
        built_(backend.scratch) {}

  // Bytes not consumed are to be given again, with what arrives after them.
  request_step run(wire::bytes_view bytes);

  // Sends the kept unit again after its plan became invalid: every statement in it is prepared afresh, and
  // what the client has already got for it is not repeated. Precondition: backend.wants_replay, and nothing
  // is owed.
  void replay();

  // After response_outcome::resync: the server skips until a Sync that the client will not send. It goes at
  // once, or when the rest of the client's message has passed.
  void resync();

 private:
  enum class verdict { done, need_more, held, terminate, violation, no_room };

  bool must_wait(const wire::frame_header& header, bool starts_unit) const;
  void begin_unit(const wire::frame_header& header);
  verdict one_message(const wire::frame_header& header);
  verdict dispatch(const wire::frame_header& header);
  verdict query(const wire::frame_header& header);
  verdict query_as_statement(const wire::frame_header& header);
  // See own_names.hpp.
  enum class naming_step {
    fits,
    waits,     // until the server knows the client's names
    too_late,  // nobody knows what the server would answer
    cannot,    // the server cannot be told of a statement of the client
  };
  naming_step names_for(bool named_by_sql);
  // Nothing: the message may go.
  std::optional<verdict> settle_names(bool named_by_sql, const wire::frame_header& header);
  std::optional<verdict> settle_unnamed(std::string_view name, const wire::frame_header& header);
  verdict refuse(const wire::frame_header& header, const wire::error_fields& why);
  bool would_meet_shared_names() const;
  void give_own_name(std::string_view name, const statement& made, bookkeeping then);
  void take_own_names();
  void take_own_names_in_unit();
  void drop_shared_names();
  void end_own_exchange(bookkeeping then = bookkeeping::none);
  void ask(std::string_view sql, bookkeeping then = bookkeeping::none);
  bool rest_names_statements(const wire::frame_header& first) const;
  // See sequence_values.hpp.
  bool must_discard_sequences(const wire::sql_bonds& run) const;
  void note_sequences(const wire::sql_bonds& run);
  bool sequences_fit(const wire::sql_bonds& run);
  void fit_sequences(const wire::sql_bonds& run);
  void discard_sequences();
  verdict parse(const wire::frame_header& header);
  verdict parse_named(const wire::frame_header& header, const wire::parse_view& view);
  verdict parse_unnamed(const wire::frame_header& header, const wire::parse_view& view);
  shared_statement stand_in_for(const wire::parse_view& view) const;
  bool rest_allows_stand_in() const;
  bool reserve_name(std::string_view name);
  void parse_again(const wire::parse_view& view);
  void provide(const statement& needed, bookkeeping then, std::uint64_t serial);
  void parse_deallocate(const wire::parse_view& view, const std::string& name);
  void parse_taken(const client_statements::named& taken, const wire::parse_view& view);
  void acknowledge_parse(const expected_response& entry);
  verdict parse_large(const wire::frame_header& header, wire::sql_traits traits);
  verdict bind(const wire::frame_header& header);
  verdict bind_shared(const wire::frame_header& header, const wire::bind_names& names,
                      const expected_response& entry, const statement& bound);
  // See process_numbers.hpp.
  verdict replace_query(const wire::frame_header& header, std::string_view text,
                        const expected_response& entry);
  // Nothing: the message may go as it is.
  std::optional<verdict> renumber_bind(const wire::frame_header& header, const wire::bind_names& names,
                                       const client_statements::named* known);
  void bind_renumbered(const wire::frame_header& header, const wire::bind_names& names,
                       const renumbered_bind& changed);
  void note_custom_settings(std::string_view sql);
  void note_traits(wire::sql_traits bound, std::string_view sql);
  void suspect(std::string_view sql, const wire::sql_bonds& bonds);
  verdict execute(const wire::frame_header& header);
  verdict describe(const wire::frame_header& header);
  verdict close(const wire::frame_header& header);
  void note_use(std::string_view name);
  void note_loss(std::string_view name);
  verdict sync(const wire::frame_header& header);
  verdict pass_through(const wire::frame_header& header, passing how);
  verdict pass_expecting(const wire::frame_header& header, const expected_response& entry);

  // Whether pgweir keeps account of what the client has under the name, rather than the server.
  bool is_known_here(std::string_view name) const {
    return client_.names == naming::shared ||
           (client_.names == naming::own && (name.empty() || client_.statements.find(name) != nullptr));
  }
  // Whether what a name stands for, or whether the server has it, depends on an earlier unit that is not
  // answered yet: then the message has to wait for that. `known`: what the client has under the name, or
  // null.
  bool in_doubt(std::string_view name, const client_statements::named* known);
  bool name_in_doubt(std::string_view name);
  bool unnamed_in_doubt();
  bool statement_in_doubt(const statement& needed);
  bool earlier_units_open();

  std::uint64_t drop_unnamed();
  void server_has_unnamed(unnamed_holder whose);
  verdict open_ahead_of(const wire::frame_header& first);
  bool prepares_ahead(const wire::frame_header& first);
  bool may_name_statements(const wire::frame_header& first) const;
  std::string_view provide_begin(const statement& begin);
  void open_transaction();
  void open_failed_transaction();
  void send_owed_sync();
  void ensure_prepared(const statement& needed);
  void ensure_unnamed();
  void ensure_rows_as_told(const wire::frame_header& header, const client_statements::named& known);
  void prepare(const statement& needed, handling how, bookkeeping then, std::uint64_t serial);
  std::string spare_name() const;
  // Appends to built_; returns its name.
  std::string append_spare_statement();
  std::string append_spare_statement(wire::bytes_view text_and_types);
  void append_removal(const prepared_set::removal& one);
  verdict deallocate(std::string_view client_name, const wire::frame_header& header, expected_response entry);
  void expect(expected_response entry);

  void keep_for_replay(const wire::frame_header& header);
  wire::bytes_view body(const wire::frame_header& header) const;
  bool is_whole(const wire::frame_header& header) const { return stream_.rest().size() >= header.size(); }

  void inject(const std::string& message) { stream_.put(wire::as_bytes(message)); }

  client_state& client_;
  backend_state& backend_;
  const relay_rules& rules_;
  passage stream_;  // to the server
  wire::sink& to_client_;

  std::string& built_;  // of the backend: it keeps its memory
  const char* violation_ = nullptr;
  std::vector<std::string> to_vacate_;
  bool replaying_ = false;
};

}  // namespace pgweir::core
