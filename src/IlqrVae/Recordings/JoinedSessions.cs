namespace IlqrVae.Recordings;

/// <summary>A session to be joined with others.</summary>
/// <param name="Name">What to call it; part of the names of its groups and trials.</param>
/// <param name="Recording">What was recorded.</param>
public sealed record Session(string Name, Recording Recording);

/// <summary>
/// Makes one recording of several sessions: channels of a session are a group of its own, missing in trials of the others, but for groups that are shared.
/// Trials keep their order and split, and are called SESSION/TRIAL.
/// </summary>
public static class JoinedSessions
{
    private static readonly string[] OfChannels = ["rates", "mean"];

    /// <summary>Joins. The recordings given stay as they are, and their observations are not copied.</summary>
    /// <param name="sessions">The sessions, at least one.</param>
    /// <param name="shared">Names of the groups that are the same in all sessions that have them, such as "velocity".</param>
    /// <exception cref="InputException">The sessions do not fit together; the message names the session.</exception>
    public static Recording Of(IReadOnlyList<Session> sessions, IReadOnlyCollection<string> shared)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        ArgumentNullException.ThrowIfNull(shared);
        if (sessions.Count == 0)
        {
            throw new InputException("there are no sessions to join; give at least one.");
        }

        RequireNames(sessions, shared);
        var groups = new List<ChannelGroup>();
        foreach (var session in sessions)
        {
            RequireLike(sessions[0], session);
            foreach (var group in session.Recording.Groups)
            {
                var joined = group with { Name = NameOf(group.Name, session, shared) };
                if (groups.FirstOrDefault(one => one.Name == joined.Name) is not { } known)
                {
                    groups.Add(joined);
                }
                else
                {
                    RequireSame(known, joined, session);
                }
            }
        }

        return new Recording
        {
            BinWidth = sessions[0].Recording.BinWidth,
            Groups = groups,
            ExternalNames = sessions[0].Recording.ExternalNames,
            Source = string.Join("; ", sessions.Select(session => $"{session.Name}: {session.Recording.Source}")),
            Trials = [.. sessions.SelectMany(session => session.Recording.Trials.Select(trial => Joined(session, trial, groups, shared, IsKept)))],
        };

        // Truth that has the same shape everywhere, such as that of behaviour, stays comparable.
        bool IsKept(string table) => sessions.SelectMany(session => session.Recording.Trials).Where(trial => trial.Truth.ContainsKey(table)).Select(trial => trial.Truth[table].Columns).Distinct().Count() < 2;
    }

    private static string NameOf(string group, Session session, IReadOnlyCollection<string> shared)
        => shared.Contains(group, StringComparer.Ordinal) ? group : SessionGroups.NameOf(group, session.Name);

    private static Trial Joined(Session session, Trial trial, List<ChannelGroup> groups, IReadOnlyCollection<string> shared, Func<string, bool> isKept)
    {
        var own = session.Recording.Groups.Select((group, g) => (Name: NameOf(group.Name, session, shared), g)).ToDictionary(one => one.Name, one => one.g, StringComparer.Ordinal);
        return trial with
        {
            Name = $"{session.Name}/{trial.Name}",
            Session = session.Name,
            Observations = [.. groups.Select(group => own.TryGetValue(group.Name, out var g) ? trial.Observations[g] : Observations.Missing(trial.Bins, group.Channels, group.Kind))],
            Truth = trial.Truth.ToDictionary(table => TruthName(session, table.Key, table.Value, shared, isKept), table => table.Value, StringComparer.Ordinal),
        };
    }

    /// <summary>True rates of a session's channels keep to them; see docs/dataset-format.md for the names.</summary>
    private static string TruthName(Session session, string table, Table values, IReadOnlyCollection<string> shared, Func<string, bool> isKept)
    {
        foreach (var kind in OfChannels)
        {
            if (table == kind)
            {
                var counts = kind == "rates" ? ChannelKind.Counts : ChannelKind.Values;
                var owner = session.Recording.Groups.FirstOrDefault(
                    group => group.Kind == counts && group.Channels == values.Columns && !session.Recording.Trials[0].Truth.ContainsKey($"{kind}.{group.Name}"));
                return owner is null ? SessionGroups.NameOf(table, session.Name) : $"{kind}.{NameOf(owner.Name, session, shared)}";
            }

            if (table.StartsWith($"{kind}.", StringComparison.Ordinal))
            {
                return $"{kind}.{NameOf(table[(kind.Length + 1)..], session, shared)}";
            }
        }

        return isKept(table) ? table : SessionGroups.NameOf(table, session.Name);
    }

    private static void RequireNames(IReadOnlyList<Session> sessions, IReadOnlyCollection<string> shared)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var session in sessions)
        {
            if (string.IsNullOrWhiteSpace(session.Name) || session.Name.AsSpan().ContainsAny("/@,"))
            {
                throw new InputException($"a session cannot be called '{session.Name}'; give it a name without slash, comma and {SessionGroups.Mark}.");
            }

            if (!names.Add(session.Name))
            {
                throw new InputException($"two sessions are called '{session.Name}'; give each a name of its own.");
            }

            if (session.Recording.Groups.FirstOrDefault(group => group.Name.Contains(SessionGroups.Mark, StringComparison.Ordinal)) is { } joined)
            {
                throw new InputException($"session '{session.Name}': group '{joined.Name}' is that of a session already; join the recordings that this one was made of.");
            }
        }

        foreach (var name in shared)
        {
            if (sessions.All(session => session.Recording.IndexOfGroup(name) < 0))
            {
                var there = sessions.SelectMany(session => session.Recording.Groups).Select(group => group.Name).Distinct(StringComparer.Ordinal);
                throw new InputException($"no session has a channel group '{name}' to share; {Spelling.DidYouMean(name, there)}they have {string.Join(", ", there.Select(group => $"'{group}'"))}.");
            }
        }
    }

    private static void RequireLike(Session first, Session session)
    {
        var (one, other) = (first.Recording, session.Recording);
        if (Math.Abs(one.BinWidth - other.BinWidth) > 1e-6 * one.BinWidth)
        {
            throw new InputException($"session '{session.Name}' has bins of {other.BinWidth} s where '{first.Name}' has {one.BinWidth} s; bin one of them anew.");
        }

        if (!one.ExternalNames.SequenceEqual(other.ExternalNames, StringComparer.Ordinal))
        {
            throw new InputException(
                $"session '{session.Name}' has the external inputs [{string.Join(", ", other.ExternalNames)}] where '{first.Name}' has [{string.Join(", ", one.ExternalNames)}]; give all sessions the same ones in the same order.");
        }
    }

    private static void RequireSame(ChannelGroup known, ChannelGroup group, Session session)
    {
        var difference = known.Channels != group.Channels ? $"{group.Channels} channels where others have {known.Channels}"
            : known.Kind != group.Kind ? "counts in one session and values in another"
            : known.Unit != group.Unit ? $"the unit '{group.Unit}' where others have '{known.Unit}'"
            : !(known.ChannelNames ?? []).SequenceEqual(group.ChannelNames ?? [], StringComparer.Ordinal) ? "other names of its channels"
            : null;
        if (difference is not null)
        {
            throw new InputException($"session '{session.Name}': the shared group '{group.Name}' has {difference}; a shared group is the same everywhere.");
        }
    }
}
