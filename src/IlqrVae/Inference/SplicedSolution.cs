using System.Numerics;
using IlqrVae.Control;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>
/// The best solution found of a long trial, to which others contribute. Two minima of a long trial are the same in most bins and part in some stretches, each
/// of which is decided by itself: where one of them is the better in one stretch and the other in another, taking the better of the two in every stretch is
/// better than either. A search that could only take whole solutions would have to be right everywhere at once, which gets hopeless as trials get longer.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SplicedSolution<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>States are apart where one of their numbers differs by more than this share of its root mean square.</summary>
    private const double Apart = 0.02;

    /// <summary>Numbers of the state that vary less than this share of the largest do not matter.</summary>
    private const double Still = 1e-3;

    /// <summary>Stretches are taken with so many bins beside them, and are one where they are not twice that far from each other.</summary>
    private const int Beside = 4;

    /// <summary>What choosing has to gain, in nats, to be worth a solve.</summary>
    private const double LeastGain = 0.01;

    private readonly Matrix<T> _states;
    private readonly Matrix<T> _inputs;

    /// <summary>Allocates room for a solution, which is not there yet.</summary>
    /// <param name="bins">Number of bins.</param>
    /// <param name="states">n.</param>
    /// <param name="inputs">m.</param>
    public SplicedSolution(int bins, int states, int inputs)
    {
        _states = Matrix<T>.Allocate(bins, states);
        _inputs = Matrix<T>.Allocate(bins - 1, inputs);
    }

    /// <summary>Its cost in nats; infinite before there is one.</summary>
    public double Cost { get; private set; } = double.PositiveInfinity;

    /// <summary>Takes a solution.</summary>
    /// <param name="trajectory">Its trajectory.</param>
    public void Take(Trajectory<T> trajectory)
    {
        _states.CopyFrom(trajectory.States);
        _inputs.CopyFrom(trajectory.Inputs);
        Cost = trajectory.Cost;
    }

    /// <summary>Copies it into a trajectory of as many bins.</summary>
    /// <param name="trajectory">The trajectory.</param>
    public void CopyTo(Trajectory<T> trajectory)
    {
        trajectory.States.CopyFrom(_states);
        trajectory.Inputs.CopyFrom(_inputs);
    }

    /// <summary>
    /// Puts this solution's bins into another wherever this one is the better. The states at the seams then follow from those before up to
    /// <see cref="Apart"/> only.
    /// </summary>
    /// <param name="problem">The problem, bound to the whole trial.</param>
    /// <param name="other">The other solution.</param>
    /// <returns>Whether that promises less than the cost of both; if not, nothing has been put anywhere.</returns>
    public bool TryMix(TrialProblem<T> problem, Trajectory<T> other)
    {
        var stretches = Stretches(other).Select(stretch => (stretch, Difference: Difference(problem, other, stretch.First, stretch.End))).ToList();
        var (gain, loss) = (-stretches.Sum(one => Math.Min(one.Difference, 0)), stretches.Sum(one => Math.Max(one.Difference, 0)));
        if (!(gain > LeastGain && loss > LeastGain))
        {
            return false;
        }

        // Outside the stretches the two are alike, but not to the last bit: one of them throughout.
        var next = 0;
        foreach (var ((first, end), _) in stretches.Where(one => one.Difference < 0))
        {
            Put(other, next, first);
            next = end;
        }

        Put(other, next, _states.Rows);
        return true;
    }

    /// <summary>What the other's cost is over this one's, of some bins.</summary>
    private double Difference(TrialProblem<T> problem, Trajectory<T> other, int first, int end)
    {
        var steps = Math.Min(end, _inputs.Rows) - first;
        return problem.PartCost(first, other.States.RowRange(first, end - first), other.Inputs.RowRange(first, steps))
            - problem.PartCost(first, _states.RowRange(first, end - first), _inputs.RowRange(first, steps));
    }

    private void Put(Trajectory<T> other, int first, int end)
    {
        if (end > first)
        {
            other.States.RowRange(first, end - first).CopyFrom(_states.RowRange(first, end - first));
            var steps = Math.Min(end, _inputs.Rows) - first;
            other.Inputs.RowRange(first, steps).CopyFrom(_inputs.RowRange(first, steps));
        }
    }

    /// <summary>Where the two are apart: first bins, and those after the last.</summary>
    private List<(int First, int End)> Stretches(Trajectory<T> other)
    {
        var (bins, n) = (_states.Rows, _states.Columns);
        var allowed = AllowedDifferences();
        var stretches = new List<(int First, int End)>();
        for (var t = 0; t < bins; t++)
        {
            var isApart = false;
            for (var i = 0; i < n; i++)
            {
                isApart |= !(double.CreateChecked(T.Abs(other.States[t, i] - _states[t, i])) <= allowed[i]);
            }

            if (!isApart)
            {
                continue;
            }

            var (first, end) = (Math.Max(0, t - Beside), Math.Min(bins, t + 1 + Beside));
            if (stretches.Count > 0 && first <= stretches[^1].End)
            {
                stretches[^1] = (stretches[^1].First, end);
            }
            else
            {
                stretches.Add((first, end));
            }
        }

        return stretches;
    }

    private double[] AllowedDifferences()
    {
        var squares = new double[_states.Columns];
        for (var t = 0; t < _states.Rows; t++)
        {
            for (var i = 0; i < squares.Length; i++)
            {
                var z = double.CreateChecked(_states[t, i]);
                squares[i] += z * z / _states.Rows;
            }
        }

        var least = Still * Math.Sqrt(squares.Max());
        return [.. squares.Select(square => Apart * Math.Max(least, Math.Sqrt(square)))];
    }
}
