using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Inference;

/// <summary>Standard normal numbers behind reparameterised draws: for each draw n for the initial state and steps x m for the inputs.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class PosteriorDraws<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T>[] _inputs;
    private readonly Matrix<T>[] _initial;
    private int _steps;

    /// <summary>Allocates draws of zeros.</summary>
    /// <param name="count">Number of draws, at least 1.</param>
    /// <param name="capacity">The largest number of bins.</param>
    /// <param name="states">n.</param>
    /// <param name="inputs">m.</param>
    public PosteriorDraws(int count, int capacity, int states, int inputs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _initial = [.. Enumerable.Range(0, count).Select(_ => Matrix<T>.Allocate(1, states))];
        _inputs = [.. Enumerable.Range(0, count).Select(_ => Matrix<T>.Allocate(capacity - 1, inputs))];
        _steps = capacity - 1;
    }

    /// <summary>Number of draws.</summary>
    public int Count => _initial.Length;

    /// <summary>The initial state's numbers of a draw: 1 x n.</summary>
    /// <param name="draw">Which draw.</param>
    public Matrix<T> Initial(int draw) => _initial[draw];

    /// <summary>The inputs' numbers of a draw: steps x m.</summary>
    /// <param name="draw">Which draw.</param>
    public Matrix<T> Inputs(int draw) => _inputs[draw].RowRange(0, _steps);

    /// <summary>Sets the number of bins.</summary>
    /// <param name="bins">1 to the capacity.</param>
    public void SetBins(int bins) => _steps = bins - 1;

    /// <summary>Fills the draws; every draw has a stream of its own, so that the numbers depend only on the key.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">One of <see cref="RandomStreams"/>.</param>
    /// <param name="trial">A number that identifies the trial.</param>
    public void Fill(ulong seed, ulong stream, ulong trial)
    {
        for (var k = 0; k < Count; k++)
        {
            var random = new CounterRandom(seed, stream, RandomStreams.Draw(trial, k));
            Fill(ref random, _initial[k]);
            Fill(ref random, Inputs(k));
        }
    }

    private static void Fill(ref CounterRandom random, Matrix<T> target)
    {
        for (var i = 0; i < target.Rows; i++)
        {
            foreach (ref var x in target.Row(i))
            {
                x = T.CreateChecked(random.NextNormal());
            }
        }
    }
}
