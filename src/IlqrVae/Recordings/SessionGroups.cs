namespace IlqrVae.Recordings;

/// <summary>
/// How channel groups of single sessions are named where a recording has several: "spikes@monday" are the channels "spikes" of the session "monday". In trials of
/// other sessions they are missing throughout. Groups without a session, such as the velocity of a hand, are shared.
/// </summary>
public static class SessionGroups
{
    /// <summary>What stands between the name of a group and that of its session.</summary>
    public const char Mark = '@';

    /// <summary>The name of a session's group.</summary>
    /// <param name="group">The group as the session calls it.</param>
    /// <param name="session">The session.</param>
    public static string NameOf(string group, string session) => $"{group}{Mark}{session}";

    /// <summary>The session of a group; empty for a group that is shared.</summary>
    /// <param name="group">Its whole name.</param>
    public static string SessionOf(string group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at ? group[(at + 1)..] : "";
    }

    /// <summary>The groups that a name stands for: the one called so, or if there is none those of sessions; the name itself where there are none either.</summary>
    /// <param name="name">What a user wrote.</param>
    /// <param name="groups">The groups there are.</param>
    public static IReadOnlyList<string> Named(string name, IEnumerable<string> groups)
    {
        var there = groups.ToList();
        var ofSessions = there.Where(group => SessionOf(group).Length > 0 && group.StartsWith($"{name}{Mark}", StringComparison.Ordinal)).ToList();
        return there.Contains(name, StringComparer.Ordinal) || ofSessions.Count == 0 ? [name] : ofSessions;
    }

    /// <summary>Groups of sessions of which a recording has no group at all.</summary>
    /// <param name="wanted">The groups wanted, as those a model explains.</param>
    /// <param name="recording">The recording.</param>
    public static IReadOnlyList<string> OfAbsentSessions(IEnumerable<string> wanted, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var there = recording.Groups.Select(group => SessionOf(group.Name)).ToHashSet(StringComparer.Ordinal);
        return [.. wanted.Where(group => SessionOf(group) is { Length: > 0 } session && !there.Contains(session))];
    }
}
