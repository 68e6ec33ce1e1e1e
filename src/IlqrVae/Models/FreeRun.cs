using System.Numerics;
using IlqrVae.Numerics;
using IlqrVae.Recordings;

namespace IlqrVae.Models;

/// <summary>A learned system left to itself: its states under inputs of zero, and how fast nearby states part.</summary>
/// <param name="States">Steps x n; fewer rows than asked for where states overflowed.</param>
/// <param name="IsComplete">Whether every state is finite.</param>
/// <param name="LyapunovExponent">
/// The largest Lyapunov exponent in nats a bin: the mean growth of the logarithm of a tangent vector's length. Above 0 for chaos, 0 for limit cycles
/// and tori, below 0 for fixed points; NaN where states overflowed.
/// </param>
public sealed record FreeRun(Table States, bool IsComplete, double LyapunovExponent)
{
    /// <summary>The share of the run in which the state settles and the tangent vector turns into the direction of fastest growth.</summary>
    private const int SettlingShare = 10;

    /// <summary>Runs the dynamics.</summary>
    /// <param name="model">The model, without external inputs.</param>
    /// <param name="start">The state in bin 0, n.</param>
    /// <param name="steps">Number of bins, at least 1.</param>
    /// <param name="seed">Seed of the first tangent vector.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="ArgumentException">The model takes external inputs, which nobody knows in a free run, or the state has another length.</exception>
    public static unsafe FreeRun Of<T>(GenerativeModel<T> model, ReadOnlySpan<double> start, int steps, ulong seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        var dynamics = model.Dynamics.System;
        if (dynamics.ExternalCount > 0)
        {
            throw new ArgumentException("External inputs are not part of the model and unknown in a free run.", nameof(model));
        }

        if (start.Length != dynamics.StateCount)
        {
            throw new ArgumentException($"The model has {dynamics.StateCount} states, not {start.Length}.", nameof(start));
        }

        var state = Matrix<T>.Allocate(2, dynamics.StateCount);
        var tangent = Matrix<T>.Allocate(2, dynamics.StateCount);
        var noInput = Matrix<T>.Allocate(1, dynamics.InputCount);
        var tape = Matrix<T>.Allocate(1, dynamics.TapeLength);
        var tangentTape = Matrix<T>.Allocate(1, dynamics.TangentTapeLength);
        var scratch = dynamics.CreateScratch();
        var random = new CounterRandom(seed, RandomStreams.FreeRunTangents);
        for (var i = 0; i < start.Length; i++)
        {
            state[0, i] = T.CreateSaturating(start[i]);
            tangent[0, i] = T.CreateChecked(random.NextNormal());
        }

        Normalise(tangent.Row(0));
        var states = new Table(steps, dynamics.StateCount);
        var (growth, counted) = (0.0, 0);
        for (var t = 0; t < steps; t++)
        {
            var (now, next) = (t % 2, (t + 1) % 2);
            for (var i = 0; i < states.Columns; i++)
            {
                states[t, i] = double.CreateChecked(state[now, i]);
                if (!double.IsFinite(states[t, i]))
                {
                    return new FreeRun(new Table(t, states.Columns, states.Values[..(t * states.Columns)]), false, double.NaN);
                }
            }

            dynamics.Step(scratch, state.RowPointer(now), noInput.Pointer, null, state.RowPointer(next), tape.Pointer);
            dynamics.Tangent(
                scratch, state.RowPointer(now), noInput.Pointer, null, tape.Pointer, tangent.RowPointer(now), noInput.Pointer,
                tangent.RowPointer(next), tangentTape.Pointer);
            state.KeepAlive();
            tangent.KeepAlive();
            noInput.KeepAlive();
            tape.KeepAlive();
            tangentTape.KeepAlive();
            var length = Normalise(tangent.Row(next));
            if (t >= steps / SettlingShare && t < steps - 1)
            {
                growth += Math.Log(length);
                counted++;
            }
        }

        return new FreeRun(states, true, counted > 0 ? growth / counted : double.NaN);
    }

    /// <summary>Scales a vector to length one.</summary>
    /// <returns>Its length before.</returns>
    private static double Normalise<T>(Span<T> vector)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var squares = 0.0;
        foreach (var x in vector)
        {
            squares += double.CreateChecked(x) * double.CreateChecked(x);
        }

        var length = Math.Sqrt(squares);
        foreach (ref var x in vector)
        {
            x = T.CreateSaturating(double.CreateChecked(x) / length);
        }

        return length;
    }
}
