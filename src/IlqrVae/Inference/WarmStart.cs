using System.Numerics;
using IlqrVae.Control;

namespace IlqrVae.Inference;

/// <summary>The decision variables of one trial, kept from one solve to the next.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class WarmStart<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly SortedDictionary<int, WarmStart<T>> _variants = [];

    /// <summary>Allocates a start at rest.</summary>
    /// <param name="bins">Number of bins.</param>
    /// <param name="states">n.</param>
    /// <param name="inputs">m.</param>
    public WarmStart(int bins, int states, int inputs)
    {
        Values = new T[states + ((long)(bins - 1) * inputs)];
    }

    private WarmStart(T[] values) => Values = values;

    /// <summary>The initial state's n numbers, then the inputs' m for each step.</summary>
    public T[] Values { get; }

    /// <summary>Whether the variables are of no use, so that the next solve should be a <see cref="MapSearch{T}"/>.</summary>
    public bool IsLost { get; set; }

    /// <summary>
    /// Starts of the same trial where other parts of it are hidden, by a number that tells which: what is inferred of a reach from spikes alone is no start
    /// for what is inferred from spikes and hand. Number 0 is this start.
    /// </summary>
    public IReadOnlyDictionary<int, WarmStart<T>> Variants => _variants;

    /// <summary>The start of a variant; where there is none yet it begins as a copy of this one.</summary>
    /// <param name="variant">Its number.</param>
    public WarmStart<T> Of(int variant)
    {
        if (variant == 0)
        {
            return this;
        }

        if (!_variants.TryGetValue(variant, out var start))
        {
            start = new WarmStart<T>((T[])Values.Clone()) { IsLost = IsLost };
            _variants.Add(variant, start);
        }

        return start;
    }

    /// <summary>A copy of this start and all its variants.</summary>
    public WarmStart<T> Copy()
    {
        var copy = new WarmStart<T>((T[])Values.Clone()) { IsLost = IsLost };
        foreach (var (variant, start) in _variants)
        {
            copy._variants.Add(variant, start.Copy());
        }

        return copy;
    }

    /// <summary>Marks this start and all its variants as lost.</summary>
    public void Lose()
    {
        IsLost = true;
        foreach (var start in _variants.Values)
        {
            start.IsLost = true;
        }
    }

    /// <summary>Copies the variables into a trajectory of as many bins.</summary>
    /// <param name="trajectory">The trajectory.</param>
    public void CopyTo(Trajectory<T> trajectory)
    {
        var n = trajectory.States.Columns;
        var m = trajectory.Inputs.Columns;
        Values.AsSpan(0, n).CopyTo(trajectory.States.Row(0));
        for (var t = 0; t < trajectory.Bins - 1; t++)
        {
            Values.AsSpan(n + (t * m), m).CopyTo(trajectory.Inputs.Row(t));
        }
    }

    /// <summary>Takes the variables from the solution of a trial of as many bins, where its cost is finite.</summary>
    /// <param name="map">The solution.</param>
    /// <returns>False where it is not, and the variables stay as they are.</returns>
    public bool TryCopyFrom(MapSolution<T> map)
    {
        var trajectory = map.Trajectory;
        if (!double.IsFinite(trajectory.Cost))
        {
            return false;
        }

        CopyFrom(trajectory);
        return true;
    }

    /// <summary>Takes the variables from a trajectory of as many bins.</summary>
    /// <param name="trajectory">The trajectory.</param>
    public void CopyFrom(Trajectory<T> trajectory)
    {
        var n = trajectory.States.Columns;
        var m = trajectory.Inputs.Columns;
        trajectory.States.Row(0).CopyTo(Values.AsSpan(0, n));
        for (var t = 0; t < trajectory.Bins - 1; t++)
        {
            trajectory.Inputs.Row(t).CopyTo(Values.AsSpan(n + (t * m), m));
        }
    }
}
