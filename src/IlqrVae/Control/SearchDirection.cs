using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Control;

/// <summary>A direction of decision variables and the tangent it makes of the states: what a line search follows.</summary>
/// <param name="Direction">The direction (dz_0, du).</param>
/// <param name="States">dz: T x n.</param>
/// <typeparam name="T">float or double.</typeparam>
internal readonly record struct SearchDirection<T>(InputVector<T> Direction, Matrix<T> States)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>A rolled-out direction.</summary>
    /// <param name="rollout">The direction.</param>
    public SearchDirection(TangentRollout<T> rollout)
        : this(rollout.Direction, rollout.States)
    {
    }

    /// <summary>Holds the memory of both up to this call; see <see cref="Matrix{T}"/>.</summary>
    public void KeepAlive()
    {
        GC.KeepAlive(Direction);
        States.KeepAlive();
    }
}
