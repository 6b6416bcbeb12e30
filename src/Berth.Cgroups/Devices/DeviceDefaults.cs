// The devices every container may use, whatever its rules say: runc's list, which images and engines have come to rely on.
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

/// <summary>Rules appended to those of the configuration.</summary>
internal static class DeviceDefaults
{
    /// <summary>Appends the rules; a node of the configuration with the path of a default one takes that one's place, rule included.</summary>
    public static void AddTo(DevicePolicy policy, IReadOnlyList<DeviceSpec>? nodes)
    {
        // Making a node is not using it: that mknod(2) is not refused is what unpacking tools in containers need.
        policy.Allow(new DeviceException(IsBlock: false, -1, -1, DeviceAccess.Make));
        policy.Allow(new DeviceException(IsBlock: true, -1, -1, DeviceAccess.Make));
        Node("/dev/null", 1, 3);
        Node("/dev/random", 1, 8);
        Node("/dev/full", 1, 7);
        Node("/dev/tty", 5, 0);
        Node("/dev/zero", 1, 5);
        Node("/dev/urandom", 1, 9);
        Always(136, -1); // pseudo terminals
        Always(5, 2); // /dev/ptmx
        Always(10, 200); // /dev/net/tun, which VPNs in containers need and engines cannot always ask for

        void Node(string path, long major, long minor)
        {
            for (int i = 0; nodes is not null && i < nodes.Count; i++)
            {
                if (nodes[i].Path == path) return;
            }
            Always(major, minor);
        }

        void Always(long major, long minor) => policy.Allow(new DeviceException(IsBlock: false, major, minor, DeviceAccess.All));
    }
}
