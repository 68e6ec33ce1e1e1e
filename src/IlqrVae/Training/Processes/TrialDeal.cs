namespace IlqrVae.Training.Processes;

/// <summary>Deals trials out to processes: the longest first, each to the process that has least. The same everywhere, since it hangs on lengths alone.</summary>
public static class TrialDeal
{
    /// <summary>Deals.</summary>
    /// <param name="bins">Bins of each trial, which is what its work grows with.</param>
    /// <param name="processes">Number of processes.</param>
    /// <param name="owners">Receives the process of each trial.</param>
    public static void Deal(ReadOnlySpan<int> bins, int processes, Span<int> owners)
    {
        if (processes == 1)
        {
            owners.Clear();
            return;
        }

        var lengths = bins.ToArray();
        var loads = new long[processes];
        foreach (var trial in Enumerable.Range(0, lengths.Length).OrderByDescending(trial => lengths[trial]))
        {
            var least = Array.IndexOf(loads, loads.Min());
            owners[trial] = least;
            loads[least] += lengths[trial];
        }
    }
}
