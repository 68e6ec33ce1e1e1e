using IlqrVae.Recordings;

namespace IlqrVae.Evaluation;

/// <summary>Averages over the trials of a condition (peri-stimulus time histograms, where the tables hold counts or rates).</summary>
public static class ConditionMeans
{
    /// <summary>Averages bin by bin over the trials of each condition; a condition's bins are those that all its trials have.</summary>
    /// <param name="tables">One table a trial, bins x columns.</param>
    /// <param name="conditions">The condition of each trial.</param>
    /// <returns>The averages, one condition on top of the other in rising order.</returns>
    /// <exception cref="ArgumentException">There are no trials, not one finite condition a trial, or the columns differ.</exception>
    public static Table Of(IReadOnlyList<Table> tables, IReadOnlyList<double> conditions)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(conditions);
        if (tables.Count == 0 || tables.Count != conditions.Count || !conditions.All(double.IsFinite))
        {
            throw new ArgumentException($"There are {tables.Count} trials and {conditions.Count} conditions; every trial needs one, a finite number.", nameof(conditions));
        }

        if (tables.Any(table => table.Columns != tables[0].Columns))
        {
            throw new ArgumentException("The trials differ in their number of columns.", nameof(tables));
        }

        var means = new List<Table>();
        foreach (var members in Enumerable.Range(0, tables.Count).GroupBy(k => conditions[k]).OrderBy(group => group.Key))
        {
            var mean = new Table(members.Min(k => tables[k].Bins), tables[0].Columns);
            var count = members.Count();
            foreach (var table in members.Select(k => tables[k]))
            {
                for (var i = 0; i < mean.Values.Length; i++)
                {
                    mean.Values[i] += table.Values[i] / count;
                }
            }

            means.Add(mean);
        }

        return LinearAlignment.Stack(means);
    }

    /// <summary>R2 of estimated against true condition averages, of each column over all conditions and bins, the mean over columns.</summary>
    /// <param name="truth">One table a trial.</param>
    /// <param name="estimate">One table a trial, of the same shape.</param>
    /// <param name="conditions">The condition of each trial.</param>
    /// <returns>At most 1; NaN if no column varies.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static double R2(IReadOnlyList<Table> truth, IReadOnlyList<Table> estimate, IReadOnlyList<double> conditions) =>
        Metrics.R2(Of(truth, conditions), Of(estimate, conditions));
}
