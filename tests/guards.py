"""Lines that a rule hangs on, each with the test that fails when it is broken: `make test-guards`.

A green suite says that the program is right; this says that the suite would notice if it were not.
`tests/guarding.py` breaks each line in a scratch copy and runs its test there.
"""

from __future__ import annotations

from dataclasses import dataclass

_RULES = "tests/integration/test_history_rules.py::test_"
_MERGES = "tests/integration/test_history_merges.py::test_"
_READING = "tests/integration/test_reading_pages.py::test_"
_HELD = "tests/integration/test_content_revision.py::test_"
_ONE = "tests/integration/test_one_publication.py::test_"
_SEARCH = "tests/integration/test_search.py::test_"
_METRICS = "tests/integration/test_metrics.py::test_"


@dataclass(frozen=True, slots=True)
class Guard:
    """A line of a file (stripped, it stands there exactly once), what breaks it, and the test that must fail.

    The test is a node of pytest's. `replacement` gets the line's own indentation.
    """

    name: str
    file: str
    line: str
    replacement: str
    test: str


@dataclass(frozen=True, slots=True)
class Library:
    """A package that is not there any more (by its import name), and the tests that must fail then."""

    name: str
    package: str
    test: str


GUARDS = (
    Guard(
        "signature compare",
        "gitblog/webhooks/signatures.py",
        "matched |= hmac.compare_digest(one, other)",
        "matched |= len(one) == len(other)",
        "tests/contracts/test_webhook_providers.py::test_a_missing_signature_is_told_from_a_wrong_one[github]",
    ),
    Guard(
        "held commit: of the branch's history",
        "gitblog/source/repository.py",
        "found = [each for each in commits if self.is_ancestor(each, tip)]",
        "found = commits",
        f"{_HELD}what_is_not_in_the_branch_is_refused_and_the_site_stays[a path-sqlite]",
    ),
    Guard(
        "held commit: no lag",
        "gitblog/source/repository.py",
        "may_lag = self._clone is not None and not self._location.revision",
        "may_lag = self._clone is not None",
        f"{_HELD}a_commit_of_the_branch_is_served_and_nothing_that_came_after_it[over http-sqlite]",
    ),
    Guard(
        "the lock names its holder's version",
        "gitblog/sync/lock.py",
        'os.pwrite(descriptor, f"{INDEX_VERSION}\\n".encode("ascii"), 0)',
        'os.pwrite(descriptor, b"", 0)',
        "tests/e2e/test_rolling_deploy.py::"
        "test_a_deploy_and_its_way_back_show_no_reader_an_error_or_an_older_page[sqlite]",
    ),
    Guard(
        "publication compare",
        "gitblog/index/writer.py",
        'if (before.publication if before else "") != seen:',
        'if before is None and seen != "":',
        f"{_ONE}of_two_syncs_that_saw_the_same_publication_the_second_writes_nothing[sqlite]",
    ),
    Guard(
        "publication compare: under the lock (PostgreSQL)",
        "gitblog/index/database.py",
        'connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PUBLISH_LOCK})',
        'connection.execute(text("SELECT :key"), {"key": _PUBLISH_LOCK})',
        f"{_ONE}a_publish_compares_once_nobody_else_can_write[postgresql]",
    ),
    Guard(
        "publication compare: under the lock (SQLite)",
        "gitblog/index/database.py",
        'connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")',
        'connection.exec_driver_sql("BEGIN" if immediate else "BEGIN DEFERRED")',
        f"{_ONE}a_publish_compares_once_nobody_else_can_write[sqlite]",
    ),
    Guard(
        "snapshot isolation (PostgreSQL)",
        "gitblog/index/database.py",
        'connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)',
        "connection.execution_options(postgresql_readonly=True)",
        f"{_ONE}a_reader_that_has_begun_sees_one_publication[postgresql]",
    ),
    Guard(
        "snapshot isolation (SQLite)",
        "gitblog/index/database.py",
        'connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")',
        'connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "SELECT 1")',
        f"{_ONE}a_reader_that_has_begun_sees_one_publication[sqlite]",
    ),
    Guard(
        "publication in the key",
        "gitblog/web/caching.py",
        "parts = (publication, self._shape, str(era), coding, path)",
        "parts = (self._shape, str(era), coding, path)",
        f"{_ONE}a_page_that_was_kept_is_not_answered_after_the_next_publish[sqlite]",
    ),
    Guard(
        "era in the key",
        "gitblog/web/caching.py",
        "parts = (publication, self._shape, str(era), coding, path)",
        "parts = (publication, self._shape, coding, path)",
        "tests/integration/test_schedule.py::test_a_post_appears_and_expires_at_its_second_everywhere[sqlite]",
    ),
    Guard(
        "coding in the key",
        "gitblog/web/caching.py",
        "parts = (publication, self._shape, str(era), coding, path)",
        "parts = (publication, self._shape, str(era), path)",
        "tests/unit/web/test_caching.py::test_a_page_is_made_once_for_each_coding_that_is_asked_for",
    ),
    Guard(
        "a tag for each coding",
        "gitblog/web/compression.py",
        """return f'{etag[:-1]}-{coding}"' if coding else etag""",
        "return etag",
        "tests/integration/test_codings.py::test_a_copy_in_another_coding_is_not_taken_for_this_one",
    ),
    Guard(
        "Vary where another client gets other bytes",
        "gitblog/web/answers.py",
        "if self.varies:",
        "if self.coding:",
        "tests/unit/web/test_answers.py::test_only_what_gets_smaller_varies",
    ),
    Guard(
        "Redis: a value is believed only where it is ours",
        "gitblog/web/redis_store.py",
        "return data if seal == _seal(key, data) else None",
        "return data",
        "tests/integration/test_redis_cache.py::test_what_is_not_ours_is_made_anew",
    ),
    Guard(
        "Redis: one that does not answer is left alone",
        "gitblog/web/redis_store.py",
        "self._until = self._clock() + self._pause_seconds",
        "self._until = self._clock()",
        "tests/integration/test_redis_cache.py::test_a_redis_that_does_not_answer_is_asked_once",
    ),
    Guard(
        "diff from the indexed revision",
        "gitblog/sync/plan.py",
        "old = before.site.revision if source.has(before.site.revision) else None",
        "old = source.log(tip, None, _tracking(source)).commits[-1].parents[0]",
        f"{_RULES}two_commits_in_one_push_are_both_published",
    ),
    Guard(
        "paths from the tree diff",
        "gitblog/sync/plan.py",
        "history, scope = _closed(stored, touched | differing.keys(), changes, removed)",
        "history, scope = _closed(stored, touched, changes, removed)",
        f"{_RULES}08_a_merge_that_brings_a_post_back_without_a_row_is_seen_in_the_tree",
    ),
    Guard(
        "paths from the tree diff: the configuration of a lost clone",
        "gitblog/sync/plan.py",
        "if before.site.configuration_blob:",
        "if not before.site.configuration_blob:",
        f"{_RULES}08_a_lost_clone_compares_the_stored_configuration_too",
    ),
    Guard(
        "range only ever added: removal",
        "gitblog/sync/plan.py",
        "return frozenset() if grew else stored.commit_ids() - source.commit_ids(tip)",
        "return frozenset() if grew or old is None else frozenset("
        "each.id for each in source.log(old, tip, _tracking(source)).commits)",
        f"{_RULES}01_commits_that_are_still_reachable_stay_where_clocks_run_backwards",
    ),
    Guard(
        "range only ever added: minus what is stored",
        "gitblog/sync/plan.py",
        "new = tuple(commit for commit in log.commits if commit.id not in known)",
        "new = log.commits",
        f"{_RULES}01_what_a_range_lists_too_much_is_not_stored_twice",
    ),
    Guard(
        "lineage: closed under renames",
        "gitblog/sync/plan.py",
        "waiting = {path for change in history for path in (change.path, change.old_path) if path} - scope",
        "waiting = set()",
        f"{_RULES}07_an_edit_after_a_rename_touches_what_the_post_was_before",
    ),
    Guard(
        "deletion: the rows go",
        "gitblog/index/writer.py",
        "gone, new = stored - computed, computed - stored",
        "gone, new = stored - stored, computed - stored",
        f"{_RULES}a_deleted_post_leaves_410_and_its_feed_name_to_nobody",
    ),
    Guard(
        "deletion: the tree says what is gone",
        "gitblog/sync/plan.py",
        "unchanged = {path for path in scope - differing.keys() if path_problem(path) is None}",
        "unchanged = {path for path in scope if path_problem(path) is None}",
        f"{_RULES}09_a_post_that_a_merge_drops_is_gone",
    ),
    Guard(
        "deletion: the last holder answers 410",
        "gitblog/index/resolution.py",
        "latest = max(row.ended for row in former)",
        "latest = min(row.ended for row in former)",
        f"{_RULES}15_of_those_who_left_an_address_the_last_answers",
    ),
    Guard(
        "last good",
        "gitblog/sync/documents.py",
        "return good[0] if good else None",
        "return good[0] if good and good[0] == version else None",
        f"{_RULES}a_broken_post_keeps_its_last_good_text",
    ),
    Guard(
        "nearest good version",
        "gitblog/history/lineages.py",
        "if good or good is None:",
        "if good is None:",
        f"{_RULES}02_of_the_good_versions_the_nearest_stands_for_a_broken_one",
    ),
    Guard(
        "nearest good version: the latest of several",
        "gitblog/history/lineages.py",
        "return tuple(sorted(found, key=lambda good: (self.spans[good].brought, good), reverse=True))",
        "return tuple(sorted(found, key=lambda good: (self.spans[good].brought, good)))",
        f"{_RULES}02_of_two_good_versions_the_latest_stands_for_the_same_broken_bytes",
    ),
    Guard(
        "nearest good version: its address too",
        "gitblog/history/addresses.py",
        "for good in history.stood_for(version, lambda candidate: heads.is_good(candidate, regime.addressing)):",
        "for good in [version] if heads.is_good(version, regime.addressing) else []:",
        f"{_RULES}04_the_address_of_a_post_that_stood_in_for_a_broken_one_is_kept",
    ),
    Guard(
        "visibility: what is not understood holds",
        "gitblog/parse/visibility.py",
        "return Hold.DRAFT",
        "return None",
        "tests/integration/test_held_files.py::test_a_post_that_is_taken_back_takes_its_files_with_it[sqlite-draft-not-understood]",
    ),
    Guard(
        "visibility: held is not seen",
        "gitblog/index/resolution.py",
        'return and_(document.c.hold == "", document.c.visible_from <= now, document.c.visible_until > now)',
        "return and_(document.c.visible_from <= now, document.c.visible_until > now)",
        "tests/integration/test_held_files.py::test_a_post_that_is_taken_back_takes_its_files_with_it[sqlite-draft-not-understood]",
    ),
    Guard(
        "visibility: a date that moved in a broken file",
        "gitblog/sync/heads.py",
        'return bool(differing - {"date"}) or ("date" in differing and not was_public)',
        'return bool(differing - {"date"})',
        f"{_RULES}16_a_date_that_moves_in_a_file_that_does_not_parse_holds_it",
    ),
    Guard(
        "visibility: of those whose target is held nobody answers",
        "gitblog/index/resolution.py",
        'former = [row for row in rows if row.kind == "former" and (not row.target or row.target in visible)]',
        'former = [row for row in rows if row.kind == "former" and (not row.target or visible)]',
        f"{_MERGES}f_another_posts_hold_does_not_hide_an_address",
    ),
    Guard(
        "rank",
        "gitblog/index/resolution.py",
        "return connection.scalar(asked.order_by(_document.rank).limit(1))",
        "return connection.scalar(asked.order_by(_document.path).limit(1))",
        f"{_RULES}of_two_files_for_one_address_the_older_post_answers",
    ),
    Guard(
        "rank: of those who left together",
        "gitblog/index/resolution.py",
        "first = min((row for row in former if row.ended == latest), key=lambda row: (row.rank, row.source))",
        "first = min((row for row in former if row.ended == latest), key=lambda row: row.source)",
        f"{_MERGES}g_of_those_who_left_together_the_first_post_answers",
    ),
    Guard(
        "lineage: the second to begin at a path",
        "gitblog/history/lineages.py",
        'name=first.path if number == 1 else f"{first.path}#{number}",',
        "name=first.path,",
        f"{_RULES}06_a_new_post_at_an_old_path_is_another_post",
    ),
    Guard(
        "lineage: the heir",
        "gitblog/history/addresses.py",
        "return path if path in lineage.live else lineage.heir or ABSENT",
        "return path if path in lineage.live else ABSENT",
        f"{_RULES}07_of_two_files_of_one_post_the_heir_has_its_name_and_address",
    ),
    Guard(
        "lineage: a merge ends what a parent had",
        "gitblog/source/log.py",
        "rows.add(_row(entry.old, None))",
        "rows.update(())",
        f"{_MERGES}a1_what_a_branch_takes_away_lasts_until_the_merge[renamed]",
    ),
    Guard(
        "lineage: the date of each beginning",
        "gitblog/history/addresses.py",
        "return tuple(datetime.fromtimestamp(commit.date, UTC) for commit in lineage.begun)",
        "return tuple(datetime.fromtimestamp(commit.date, UTC) for commit in lineage.begun[:1])",
        f"{_MERGES}b_a_post_without_a_date_keeps_the_address_of_each_of_its_beginnings",
    ),
    Guard(
        "regimes",
        "gitblog/history/addresses.py",
        "for regime in regimes:",
        "for regime in (each for each in regimes if each.end is None):",
        f"{_RULES}03_a_post_that_was_never_touched_keeps_the_address_of_every_permalink",
    ),
    Guard(
        "regimes: the defaults too",
        "gitblog/history/regimes.py",
        "return max(brought) if brought and is_live else None",
        "return min(brought) if brought and is_live else None",
        f"{_MERGES}a3_a_permalink_that_comes_by_a_merge_is_in_force_from_there",
    ),
    Guard(
        "regimes: a configuration that comes by a merge",
        "gitblog/source/log.py",
        "rows.add(_row(None, entry.new))",
        "rows.update(())",
        f"{_MERGES}a3_a_permalink_that_comes_by_a_merge_is_in_force_from_there",
    ),
    Guard(
        "regimes: the defaults behind a broken configuration",
        "gitblog/history/regimes.py",
        "found.add(defaults)",
        "found.update(())",
        f"{_MERGES}c_one_broken_configuration_stands_for_the_defaults_and_for_a_good_one",
    ),
    Guard(
        "log: shaped by the list of shallow commits",
        "gitblog/source/repository.py",
        '*(f"shallow {commit}" for commit in self._shallow_commits()),',
        '*(f"shallow {commit}" for commit in ()),',
        f"{_RULES}10_a_shallow_clone_that_is_deepened_is_read_again",
    ),
    Guard(
        "log: shaped by git's version",
        "gitblog/source/repository.py",
        'f"git {match[1] if match else version.strip()}",',
        'f"git {bool(match)}",',
        "tests/integration/test_source_read.py::test_the_shape_names_folder_repository_and_gits_version",
    ),
    Guard(
        "log: renames looked for in large commits",
        "gitblog/source/log.py",
        'f"-l{RENAME_LIMIT}",',
        '"-l1000",',
        "tests/integration/test_source_log.py::test_posts_moved_and_edited_in_one_commit_are_known_again",
    ),
    Guard(
        "log: no pathspec",
        "gitblog/source/repository.py",
        'return parse_log(self._read([*LOG_ARGUMENTS, *revisions, "--"], "read the history"), tracking)',
        'return parse_log(self._read([*LOG_ARGUMENTS, *revisions, "--", "a.md"], "read the history"), tracking)',
        "tests/integration/test_source_log.py::test_a_merged_branch_that_lost_is_in_the_log",
    ),
    Guard(
        "metrics: a successor goes on with the numbers of the dead",
        "gitblog/server.py",
        "taken = {each.counting_row for each in server.WORKERS.values()}",
        "taken = set(range(worker.age * 40))",
        f"{_METRICS}a_killed_process_and_a_reload_take_no_number_back",
    ),
    Guard(
        "metrics: no two processes have one row",
        "gitblog/server.py",
        "taken = {each.counting_row for each in server.WORKERS.values()}",
        "taken = set[int]()",
        f"{_METRICS}no_two_living_processes_write_into_one_row",
    ),
    Guard(
        "metrics: labels of a fixed set",
        "gitblog/web/counting.py",
        'counts.add((DELIVERIES, sender if sender in PROVIDERS else "unknown", known))',
        "counts.add((DELIVERIES, sender, known))",
        f"{_METRICS}no_request_makes_a_new_series",
    ),
    Guard(
        "log: no secret of the settings",
        "gitblog/logs.py",
        "text = text.replace(secret, _HIDDEN)",
        "text = text.replace(secret, secret)",
        "tests/integration/test_logs.py::test_no_secret_is_in_a_line",
    ),
    Guard(
        "log: no line is forged",
        "gitblog/logs.py",
        'return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)',
        "return text",
        "tests/integration/test_logs.py::test_no_character_starts_a_line",
    ),
    Guard(
        "log: a delivery is joined with its sync",
        "gitblog/web/webhooks.py",
        "give_hint(revision, event.delivery_id)",
        'give_hint(revision, "")',
        "tests/integration/test_logs.py::test_a_delivery_and_its_sync_are_joined_by_the_id",
    ),
    Guard(
        "status: a failure that has passed is told no more",
        "gitblog/index/writer.py",
        'if before is None or before.outcome == "failed":',
        "if before is None:",
        "tests/integration/test_status.py::test_a_failure_that_has_passed_is_told_no_more",
    ),
    Guard(
        "the planner knows a first index (PostgreSQL)",
        "gitblog/index/writer.py",
        "_count_values(connection)",
        "pass",
        "tests/integration/test_index_versions.py::test_the_planner_knows_the_rows_of_a_first_publish_at_once",
    ),
    Guard(
        "search: what the clock holds back",
        "gitblog/index/search.py",
        "yield is_visible(tables.document, now)",
        "yield true()",
        f"{_SEARCH}a_scheduled_post_is_found_from_its_instant_to_its_end[sqlite]",
    ),
    Guard(
        "search: what the author holds back",
        "gitblog/sync/search.py",
        "if row.hold or row.unlisted or row.noindex:",
        "if not row.text:",
        f"{_SEARCH}held_and_unlisted_posts_are_never_found[sqlite]",
    ),
    Guard(
        "search: terms are forgotten (SQLite)",
        "gitblog/index/terms.py",
        "connection.execute(_FORGET, rows)",
        "pass",
        f"{_SEARCH}an_edit_a_rename_and_a_deletion_are_followed[sqlite]",
    ),
    Guard(
        "search: terms are forgotten (PostgreSQL)",
        "gitblog/index/terms.py",
        "connection.execute(delete(vectors).where(vectors.c.path.in_(paths)))",
        "pass",
        f"{_SEARCH}an_edit_a_rename_and_a_deletion_are_followed[postgresql]",
    ),
    Guard(
        "search: the order of a phrase (PostgreSQL)",
        "gitblog/index/search.py",
        "return texts.where(*map(_in_order, ordered))",
        "return asked",
        f"{_SEARCH}every_question_finds_the_same_on_both_databases[postgresql]",
    ),
    Guard(
        "search: the limit of terms (PostgreSQL)",
        "gitblog/parse/search/terms.py",
        "if len(whole) * 4 <= max_bytes or len(data := whole.encode()) <= max_bytes:",
        "if len(data := whole.encode()) >= 0:",
        f"{_SEARCH}a_text_beyond_every_limit_is_indexed_up_to_it[postgresql]",
    ),
    Guard(
        "search: the language is part of the fingerprint",
        "gitblog/sync/site.py",
        "search=_hash(RULES_VERSION, terms_fingerprint(config.language)),",
        "search=_hash(RULES_VERSION),",
        f"{_SEARCH}another_language_of_the_site_makes_other_terms[sqlite]",
    ),
    Guard(
        "search: no answer is kept",
        "gitblog/web/caching.py",
        "if not answer.lasting or answer.passing or answer.size is not None:",
        "if not answer.lasting or answer.size is not None:",
        f"{_SEARCH}endless_questions_push_no_page_out_of_the_cache",
    ),
    Guard(
        "404: what is unlisted is not offered",
        "gitblog/index/related.py",
        "return and_(_document.unlisted.is_(False), is_visible(tables.document, now), holds_its_address(now))",
        "return and_(is_visible(tables.document, now), holds_its_address(now))",
        f"{_READING}a_404_names_what_is_near[sqlite]",
    ),
    Guard(
        "related posts: listed ones alone",
        "gitblog/index/related.py",
        '.where(_tag.kind == "tag", _tag.slug.in_(slugs), _document.path != path, listable(now))',
        '.where(_tag.kind == "tag", _tag.slug.in_(slugs), _document.path != path)',
        f"{_READING}related_posts_share_the_rarer_tags[sqlite]",
    ),
    Guard(
        "a data block ends where it ends",
        "gitblog/web/discovery.py",
        "text = json.dumps(data, sort_keys=True).translate(_ESCAPES)",
        "text = json.dumps(data, sort_keys=True)",
        f"{_READING}a_post_describes_itself_to_machines[sqlite]",
    ),
    Guard(
        "a tag in an attribute is no tag",
        "gitblog/web/dressing.py",
        """_ATTRIBUTES = r'(?:\\s+[^\\s=>"]+(?:="[^"]*")?)*'""",
        """_ATTRIBUTES = r'[^<>"]*'""",
        "tests/unit/web/test_dressing.py::test_a_tag_in_an_attribute_is_no_tag",
    ),
)

LIBRARIES = (
    Library(
        "GitPython",
        "git",
        "tests/integration/test_source_fetch.py::test_a_push_is_fetched_with_its_whole_history_and_nothing_else",
    ),
    Library("Flask-Caching", "flask_caching", "tests/unit/web/test_caching.py"),
    Library("Markdown", "markdown", "tests/contracts/test_markup.py"),
)
